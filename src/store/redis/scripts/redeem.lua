-- Exchanges a code for a grant.
-- Invariants: of many requests with a code that is not reusable, one succeeds; a grant that was revoked
-- gets no further tokens. The same request twice has the effect of one.
--
-- ARGV[3]: the code's fingerprint. ARGV[4]: 1 if it is reusable. ARGV[5] to [8]: the grant.
if is_gone() then
  return { 'gone' }
end

local known = redis.call('HMGET', codes, ARGV[3], ARGV[3] .. ':g')
if not known[1] then
  return { 'unknown' }
end
if known[2] and known[2] ~= ARGV[5] and ARGV[4] ~= '1' then
  return { 'redeemed', known[2] }
end

redis.call('HSET', codes, ARGV[3] .. ':g', ARGV[5])
local reason = upsert_grant(ARGV[5], ARGV[6], ARGV[7], ARGV[8])
if reason then
  return { 'revoked', reason }
end
return { 'done' }
