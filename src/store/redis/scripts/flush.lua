-- Asks all replicas to write what they have of the journal. Returns how many replicas there are.
--
-- KEYS: the replicas. ARGV: 1 this replica, 2 the milliseconds after which a replica that says nothing is
-- gone, 3 the channel of notices, 4 what the replicas respond with, or '' to ask nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])

local number = redis.call('ZCARD', KEYS[1])
if ARGV[4] ~= '' and number > 1 then
  redis.call('PUBLISH', ARGV[3], 'flush ' .. ARGV[4])
end
return number
