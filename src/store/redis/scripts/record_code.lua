-- Inserts a code, unless it exists.
-- Invariant: of two requests for the same code, one inserts it.
--
-- ARGV[3]: the code's fingerprint. ARGV[4]: the code. ARGV[5]: when it may be purged.
if is_gone() then
  return -1
end
purge()

if redis.call('HSETNX', codes, ARGV[3], ARGV[4]) == 0 then
  return 0
end
redis.call('ZADD', expiry, ARGV[5], 'c:' .. ARGV[3])
return 1
