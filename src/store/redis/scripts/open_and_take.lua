-- Begins a request that scenarios match: looks up what it presents, and takes the step of one of them.
-- Invariants: the request is decided by the newest version of its realm; a step is taken once; a number is
-- given once.
--
-- ARGV: 1 the realm's epoch, 2 the version that the replica knows, 7 whether the time of the store is to be
-- returned, or '', 8 the time by the realm's clock, 9 the scenarios, as JSON.
--
-- Returns `{}` if the replica must load the realm again, and `{scenario, draws}` if it must send later
-- draws of a scenario.
local known = redis.call('HMGET', config, 'epoch', 'version')
if known[1] ~= ARGV[1] or known[2] ~= ARGV[2] then
  return {}
end

-- Counts a request in a window of time. Returns the milliseconds to the next one if it is too many.
local function count(id, limit, now)
  local start, number = string.match(redis.call('HGET', progress, id .. ':w') or '', '^(%-?%d+) (%d+)$')
  start, number = tonumber(start), tonumber(number)
  if not start or now < start or now >= start + limit.per then
    start, number = now, 0
  end
  redis.call('HSET', progress, id .. ':w', string.format('%.0f %.0f', start, number + 1))
  return number >= limit.requests and start + limit.per - now or 0
end

-- Returns the number of the outcome, from 1; 0 is the ordinary response.
local function outcome(scenario, matched)
  local length = scenario.outcomes
  if length == 0 then
    return 1
  elseif matched < length then
    return matched + 1
  elseif scenario.after == 'repeat' then
    return matched % length + 1
  end
  return scenario.after == 'last' and length or 0
end

local scenarios = cjson.decode(ARGV[9])
for _, scenario in ipairs(scenarios) do
  if scenario.draws then
    scenario.drawn = tonumber(redis.call('HGET', progress, scenario.id .. ':d') or '0')
    local index = scenario.drawn - scenario.from
    if index < 0 or index >= #scenario.draws then
      return { scenario.id, string.format('%.0f', scenario.drawn) }
    end
    scenario.is_drawn = string.sub(scenario.draws, index + 1, index + 1) == '1'
  end
end

local drawn = {}
local is_active = not (grant_of_token and grant_of_token[5] ~= '') and not string.find(token or '', ' %S')
local step = false
for _, scenario in ipairs(scenarios) do
  local is_due = scenario.active == nil or scenario.active == is_active
  if is_due and scenario.draws then
    redis.call('HSET', progress, scenario.id .. ':d', scenario.drawn + 1)
    drawn[#drawn + 1] = scenario.id
    drawn[#drawn + 1] = string.format('%.0f', scenario.drawn + 1)
    is_due = scenario.is_drawn
  end
  local matched = is_due and tonumber(redis.call('HGET', progress, scenario.id) or '0')
  if is_due and (not scenario.times or matched < scenario.times) then
    redis.call('HSET', progress, scenario.id, matched + 1)
    local number = outcome(scenario, matched)
    local limit = scenario.limits and scenario.limits[tostring(number)]
    step = { scenario.id, number, limit and count(scenario.id, limit, tonumber(ARGV[8])) or 0 }
    break
  end
end

-- The time is measured now and then.
local time = ARGV[7] ~= '' and redis.call('TIME') or { '', '' }
local number = redis.call('HINCRBY', config, 'requests', 1)
return { number, time[1], time[2], found, step, drawn }
