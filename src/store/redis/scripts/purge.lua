-- Removes what has expired. Returns the number of entries that are left to expire.
if is_gone() then
  return 0
end
purge()
return redis.call('ZCOUNT', expiry, '-inf', '(' .. ARGV[2])
