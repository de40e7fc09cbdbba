-- Places of one provider: a sorted set of holders, scored by when their lease runs out (ms).
-- KEYS[1]: the set. ARGV: operation, lease ms, limit, holders.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local operation, lease_ms, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local places = KEYS[1]

redis.call('ZREMRANGEBYSCORE', places, '-inf', now)
if operation == 'acquire' then
  if not redis.call('ZSCORE', places, ARGV[4]) and redis.call('ZCARD', places) >= limit then
    return 0
  end
  redis.call('ZADD', places, now + lease_ms, ARGV[4])
  redis.call('PEXPIRE', places, lease_ms * 2)
  return 1
elseif operation == 'renew' then
  -- A holder the store has lost is put back: it is in flight whatever the store remembers.
  for i = 4, #ARGV do
    redis.call('ZADD', places, now + lease_ms, ARGV[i])
  end
  redis.call('PEXPIRE', places, lease_ms * 2)
  return 1
elseif operation == 'release' then
  return redis.call('ZREM', places, ARGV[4])
end
return redis.call('ZCARD', places)
