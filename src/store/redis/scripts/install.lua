-- Installs a change of a realm.
-- Invariants: of two changes of the same version, one is installed; a change is installed whole or not at
-- all.
--
-- KEYS: the realm's config, progress, codes, literals, grants, tokens, expiry, fixture entries, journal.
-- ARGV[1]: the change as JSON:
--   epoch, version: those that the change was made of; a realm that does not exist has none
--   new_epoch: the epoch of a realm that is created
--   parts: the parts of the configuration that change
--   ended: the IDs of scenarios that end
--   clear_grants, clear_requests: whether the realm forgets these
--   fixtures: codes and literal tokens, in place of those of the fixtures before. A code is its fingerprint
--     and its text; a token is its fingerprint, the grant's ID, what never changes in it, its time, when it
--     may be purged, and why it was revoked or ''
-- ARGV[2]: the channel of notices. ARGV[3]: the realm's name.
local config, progress, codes, literals, grants, tokens, expiry, fixture, journal = unpack(KEYS)
local change = cjson.decode(ARGV[1])

local known = redis.call('HMGET', config, 'epoch', 'version')
if change.new_epoch then
  if change.only_if_missing and known[1] then
    return -1
  end
  redis.call('DEL', unpack(KEYS))
  redis.call('HSET', config, 'epoch', change.new_epoch)
elseif known[1] ~= change.epoch or known[2] ~= change.version then
  return -1
end

local version = redis.call('HINCRBY', config, 'version', 1)
for name, text in pairs(change.parts) do
  redis.call('HSET', config, name, text, name .. ':v', version)
end

for _, id in ipairs(change.ended) do
  redis.call('HDEL', progress, id, id .. ':d', id .. ':w', id .. ':r')
end

if change.clear_grants then
  redis.call('DEL', codes, literals, grants, tokens, expiry, fixture)
end
if change.fixtures then
  for _, member in ipairs(redis.call('SMEMBERS', fixture)) do
    local id = string.sub(member, 3)
    if string.sub(member, 1, 1) == 'c' then
      redis.call('HDEL', codes, id, id .. ':g')
    else
      redis.call('HDEL', grants, id, id .. ':t', id .. ':p', id .. ':r')
    end
  end
  redis.call('DEL', literals, fixture)

  for _, entry in ipairs(change.fixtures.codes) do
    local code, text = unpack(entry)
    redis.call('HSET', codes, code, text)
    redis.call('HDEL', codes, code .. ':g')
    redis.call('SADD', fixture, 'c:' .. code)
  end
  for _, entry in ipairs(change.fixtures.tokens) do
    local token, id, fixed, granted_at, purge_after, revoked = unpack(entry)
    local order = redis.call('HINCRBY', config, 'grants', 1)
    redis.call('HSET', grants, id, order .. ' ' .. fixed, id .. ':t', granted_at, id .. ':p', purge_after)
    if revoked ~= '' then
      redis.call('HSET', grants, id .. ':r', revoked)
    end
    redis.call('HSET', literals, token, id)
    redis.call('SADD', fixture, 'g:' .. id)
  end
end

if change.clear_requests then
  local marker = redis.call('XADD', journal, '*', 'clear', redis.call('HGET', config, 'requests') or '0')
  redis.call('XTRIM', journal, 'MINID', marker)
end
redis.call('PUBLISH', ARGV[2], 'changed ' .. ARGV[3])
return version
