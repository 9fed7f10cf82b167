-- What the scripts on codes and grants share.
--
-- KEYS: the realm's config, codes, literals, grants, tokens, expiry; see keys.rs.
-- ARGV[1]: the realm's epoch. ARGV[2]: the time by the realm's clock, in milliseconds since 1970.
local config, codes, literals, grants, tokens, expiry = unpack(KEYS)
local now = tonumber(ARGV[2])

-- A request for a realm that was removed or replaced changes nothing.
local function is_gone()
  return redis.call('HGET', config, 'epoch') ~= ARGV[1]
end

-- Removes a few entries that nobody can need any more, so that no call takes long.
local function purge()
  local expired = redis.call('ZRANGEBYSCORE', expiry, '-inf', '(' .. ARGV[2], 'LIMIT', 0, 16)
  for _, member in ipairs(expired) do
    local kind, id = string.sub(member, 1, 1), string.sub(member, 3)
    if kind == 'c' then
      redis.call('HDEL', codes, id, id .. ':g')
    elseif kind == 'g' then
      redis.call('HDEL', grants, id, id .. ':t', id .. ':p', id .. ':r')
    else
      redis.call('HDEL', tokens, id)
    end
    redis.call('ZREM', expiry, member)
  end
end

-- Inserts a grant: its ID, what never changes, the time of the grant, and when it may be purged.
local function insert_grant(id, fixed, granted_at, purge_after)
  local order = redis.call('HINCRBY', config, 'grants', 1)
  redis.call('HSET', grants, id, order .. ' ' .. fixed, id .. ':t', granted_at, id .. ':p', purge_after)
  -- A grant of the fixtures never ends.
  if tonumber(purge_after) < 9e15 then
    redis.call('ZADD', expiry, purge_after, 'g:' .. id)
  end
end

-- Inserts a grant or extends it. Returns why it was revoked, if it was; then nothing changes.
local function upsert_grant(id, fixed, granted_at, purge_after)
  local known = redis.call('HMGET', grants, id .. ':p', id .. ':r')
  if known[2] then
    return known[2]
  end
  if not known[1] then
    insert_grant(id, fixed, granted_at, purge_after)
    return nil
  end

  if tonumber(purge_after) > tonumber(known[1]) then
    redis.call('HSET', grants, id .. ':t', granted_at, id .. ':p', purge_after)
    redis.call('ZADD', expiry, purge_after, 'g:' .. id)
  else
    redis.call('HSET', grants, id .. ':t', granted_at)
  end
  return nil
end
