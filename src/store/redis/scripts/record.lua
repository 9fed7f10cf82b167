-- Adds requests to the journal.
-- Invariants: a request is numbered once; completions have positions without gaps.
--
-- KEYS: the realm's config, journal.
-- ARGV[1]: the realm's epoch. ARGV[2]: the maximum length of the journal. ARGV[3]: the channel of notices.
-- ARGV[4]: the realm's name. From ARGV[5] on, in fours: begin, end or unhang; the request's number or
-- ''; the ID of the record; the request.
local config, journal = KEYS[1], KEYS[2]
if redis.call('HGET', config, 'epoch') ~= ARGV[1] then
  return 0
end

local completions = 0
for i = 5, #ARGV, 4 do
  if ARGV[i] == 'end' then
    completions = completions + 1
  end
end
local position = redis.call('HINCRBY', config, 'completions', completions) - completions

for i = 5, #ARGV, 4 do
  local kind, number = ARGV[i], ARGV[i + 1]
  if number == '' then
    number = redis.call('HINCRBY', config, 'requests', 1)
  end
  if kind == 'end' then
    position = position + 1
  end
  redis.call('XADD', journal, 'MAXLEN', ARGV[2], '*', kind, number, 'position', position,
    'id', ARGV[i + 2], 'request', ARGV[i + 3])
end
redis.call('PUBLISH', ARGV[3], 'recorded ' .. ARGV[4])
return 1
