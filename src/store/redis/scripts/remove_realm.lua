-- Removes a realm from the list. Returns whether it was there.
--
-- KEYS: the default realm's config, the realms, their hosts. ARGV[1]: the name.
local config, realms, hosts = unpack(KEYS)
local known = redis.call('HGETALL', hosts)
for i = 1, #known, 2 do
  if known[i + 1] == ARGV[1] then
    redis.call('HDEL', hosts, known[i])
    redis.call('HSET', config, 'hosts:v', redis.call('HINCRBY', config, 'version', 1))
  end
end
return redis.call('HDEL', realms, ARGV[1])
