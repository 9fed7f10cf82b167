-- Adds a realm to the list, or replaces it there.
-- Invariants: a host name belongs to one realm; the list has a maximum; requests by host name see a change
-- at once, since it is a new version of the default realm.
--
-- KEYS: the default realm's config, the realms, their hosts.
-- ARGV: 1 the name, 2 the epoch, 3 the maximum, from 4 on the hosts.
-- Returns 'added', 'replaced', 'full', or 'taken HOST'.
local config, realms, hosts = unpack(KEYS)
local name = ARGV[1]
local replaces = redis.call('HEXISTS', realms, name) == 1
if not replaces and redis.call('HLEN', realms) >= tonumber(ARGV[3]) then
  return 'full'
end
for i = 4, #ARGV do
  local owner = redis.call('HGET', hosts, ARGV[i])
  if owner and owner ~= name then
    return 'taken ' .. ARGV[i]
  end
end

local is_changed = #ARGV >= 4
local known = redis.call('HGETALL', hosts)
for i = 1, #known, 2 do
  if known[i + 1] == name then
    redis.call('HDEL', hosts, known[i])
    is_changed = true
  end
end
for i = 4, #ARGV do
  redis.call('HSET', hosts, ARGV[i], name)
end
redis.call('HSET', realms, name, ARGV[2])
if is_changed then
  redis.call('HSET', config, 'hosts:v', redis.call('HINCRBY', config, 'version', 1))
end
return replaces and 'replaced' or 'added'
