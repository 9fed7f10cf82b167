-- Revokes a grant. Returns the reason that stands.
-- Invariant: the first reason stands.
--
-- ARGV[3]: the grant's ID. ARGV[4]: the reason. ARGV[5] to [7]: the rest of the grant, if it is to be
-- inserted where it does not exist.
if is_gone() then
  return false
end

local id = ARGV[3]
if redis.call('HEXISTS', grants, id) == 0 then
  if not ARGV[5] then
    return false
  end
  insert_grant(id, ARGV[5], ARGV[6], ARGV[7])
end
redis.call('HSETNX', grants, id .. ':r', ARGV[4])
return redis.call('HGET', grants, id .. ':r')
