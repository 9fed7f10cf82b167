-- Returns the realm's epoch and version, and the time of the store.
local known = redis.call('HMGET', KEYS[1], 'epoch', 'version')
local time = redis.call('TIME')
return { known[1], known[2], time[1], time[2] }
