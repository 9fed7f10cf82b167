-- Releases the requests that a scenario holds. Returns their number.
--
-- KEYS: the realm's progress, the requests that are held. ARGV: 1 the scenario's ID, 2 the channel.
local number = redis.call('ZCARD', KEYS[2])
redis.call('DEL', KEYS[2])
redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':r', 1)
redis.call('PUBLISH', ARGV[2], 'released ' .. ARGV[1])
return number
