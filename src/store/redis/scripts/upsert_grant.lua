-- Inserts or extends the grant of a new token.
-- Invariant: a grant that was revoked gets no further tokens.
--
-- ARGV[3] to [6]: the grant.
if is_gone() then
  return { 'gone' }
end

local reason = upsert_grant(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
if reason then
  return { 'revoked', reason }
end
return { 'done' }
