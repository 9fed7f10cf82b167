-- What the scripts that look up codes and tokens share.
--
-- KEYS: the realm's config, progress, codes, literals, grants, tokens; see keys.rs.
-- ARGV: 1 and 2 are the script's own, 3 the fingerprint of a code, 4 that of a literal token, 5 the ID of a
-- token, 6 that of its grant; each may be ''.
local config, progress, codes, literals, grants, tokens = unpack(KEYS)

local function grant(id)
  if not id or id == '' then
    return false
  end
  local fields = redis.call('HMGET', grants, id, id .. ':t', id .. ':p', id .. ':r')
  return fields[1] and { id, fields[1], fields[2], fields[3], fields[4] or '' }
end

local code, grant_of_code, literal, token = false, false, false, false
if ARGV[3] ~= '' then
  local fields = redis.call('HMGET', codes, ARGV[3], ARGV[3] .. ':g')
  code = fields[1] and { fields[1], fields[2] or '' }
  -- A reusable code, which begins with R, continues its grant.
  if code and string.byte(code[1]) == 82 then
    grant_of_code = grant(fields[2])
  end
end
-- A literal token may have been sent as code.
if ARGV[4] ~= '' and not code then
  literal = grant(redis.call('HGET', literals, ARGV[4]))
end
if ARGV[5] ~= '' then
  token = redis.call('HGET', tokens, ARGV[5])
end
local grant_of_token = grant(ARGV[6])
local found = { code, grant_of_code, literal, token, grant_of_token }
