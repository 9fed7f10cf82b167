-- Renews a refresh token: extends it, replaces it, or leaves it.
-- Invariants: a token is replaced once; a replaced token is never extended; a grant that was revoked
-- gets no further tokens. The same request twice has the effect of one.
--
-- ARGV[3] to [6]: the grant. ARGV[7]: the token's ID. ARGV[8]: the expiry in its claims.
-- ARGV[9]: extend, rotate or keep. ARGV[10]: the new expiry. ARGV[11], [12]: the successor, its time.
if is_gone() then
  return { 'gone' }
end

local known = redis.call('HGET', tokens, ARGV[7])
local expires_at = ARGV[8]
if known then
  local expires, successor, at = string.match(known, '^(%-?%d+) (%S*) (%S*)$')
  if successor ~= '' and successor ~= ARGV[11] then
    return { 'rotated', successor, at }
  end
  expires_at = expires
end

local reason = upsert_grant(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
if reason then
  return { 'revoked', reason }
end

if ARGV[9] == 'extend' then
  redis.call('HSET', tokens, ARGV[7], ARGV[10] .. '  ')
elseif ARGV[9] == 'rotate' then
  redis.call('HSET', tokens, ARGV[7], expires_at .. ' ' .. ARGV[11] .. ' ' .. ARGV[12])
else
  -- The token's claims still say everything, so there is nothing to store.
  return { 'done' }
end
redis.call('ZADD', expiry, ARGV[6], 't:' .. ARGV[7])
return { 'done' }
