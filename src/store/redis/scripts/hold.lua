-- Lets a request wait with the others that a scenario holds, or asks whether they are released.
-- Invariants: the request that completes the number releases all; one that is gone, or whose replica is
-- gone, does not count.
--
-- KEYS: the realm's progress, the requests that are held.
-- ARGV: 1 the scenario's ID, 2 the request, 3 the number of requests that release all, 4 the round that
-- the request waits in, or '' if it has not waited yet, 5 the milliseconds after which a request that
-- does not ask again is gone, 6 the channel of notices.
--
-- Returns the round that the request waits in, or -1 if it is released.
local progress, held = KEYS[1], KEYS[2]
local id, request, round = ARGV[1], ARGV[2], redis.call('HGET', KEYS[1], ARGV[1] .. ':r') or '0'
-- A scenario that has ended holds nobody.
local has_ended = redis.call('HEXISTS', progress, id) == 0
if has_ended or (ARGV[4] ~= '' and ARGV[4] ~= round) then
  return -1
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', held, '-inf', now - ARGV[5])
redis.call('ZADD', held, now, request)
redis.call('PEXPIRE', held, ARGV[5] * 10)

if redis.call('ZCARD', held) < tonumber(ARGV[3]) then
  return tonumber(round)
end
redis.call('DEL', held)
redis.call('HINCRBY', progress, id .. ':r', 1)
redis.call('PUBLISH', ARGV[6], 'released ' .. id)
return -1
