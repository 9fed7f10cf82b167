-- Begins a request: looks up what it presents.
-- Invariants: the request is decided by the newest version of its realm; a number is given once.
--
-- ARGV: 1 the realm's epoch, 2 the version that the replica knows, 7 whether the time of the store is to be
-- returned, or ''.
--
-- Returns `{}` if the replica must load the realm again.
local known = redis.call('HMGET', config, 'epoch', 'version')
if known[1] ~= ARGV[1] or known[2] ~= ARGV[2] then
  return {}
end

-- The time is measured now and then.
local time = ARGV[7] ~= '' and redis.call('TIME') or { '', '' }
local number = redis.call('HINCRBY', config, 'requests', 1)
return { number, time[1], time[2], found, false, {} }
