-- One queue: who waits (scored by arrival), who runs (scored by lease end), since when, and how
-- long a place is usually kept. All times are the store's own, in ms.
-- KEYS: waiting, running, since, hold. ARGV: operation, lease ms, waiting ms, concurrency,
-- ceiling, tickets. Every answer is a list of numbers.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local waiting, running, since, hold = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local operation, lease_ms, waiting_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local concurrency, ceiling, ticket = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

-- Places of the dead come free by age.
redis.call('ZREMRANGEBYSCORE', waiting, '-inf', now - waiting_ms)
for _, lost in ipairs(redis.call('ZRANGEBYSCORE', running, '-inf', now)) do
  redis.call('ZREM', running, lost)
  redis.call('HDEL', since, lost)
end

local function load()
  local oldest = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
  return {
    redis.call('ZCARD', waiting),
    redis.call('ZCARD', running),
    tonumber(redis.call('GET', hold) or '0'),
    oldest[2] and (now - tonumber(oldest[2])) or 0,
  }
end

local function position_at(rank)
  return math.max(0, redis.call('ZCARD', running) + rank + 1 - concurrency)
end

if operation == 'admit' then
  if redis.call('ZSCORE', running, ticket) then
    return { 0, 0 }
  end
  local rank = redis.call('ZRANK', waiting, ticket)
  if rank then
    return { 0, position_at(rank) }
  end
  local before = load()
  if position_at(before[1]) <= ceiling then
    redis.call('ZADD', waiting, now, ticket)
  end
  return { 1, before[1], before[2], before[3] }
elseif operation == 'start' then
  if not redis.call('ZSCORE', running, ticket) then
    if redis.call('ZCARD', running) >= concurrency then
      return { -1 }
    end
    redis.call('HSET', since, ticket, now)
  end
  local arrived = redis.call('ZSCORE', waiting, ticket)
  redis.call('ZREM', waiting, ticket)
  redis.call('ZADD', running, now + lease_ms, ticket)
  return { arrived and math.max(0, now - tonumber(arrived)) or 0 }
elseif operation == 'renew' then
  for i = 6, #ARGV do
    redis.call('ZADD', running, now + lease_ms, ARGV[i])
    redis.call('HSETNX', since, ARGV[i], now)
  end
  return {}
elseif operation == 'release' then
  redis.call('ZREM', waiting, ticket)
  local started = redis.call('HGET', since, ticket)
  if started then
    local kept = now - tonumber(started)
    local mean = tonumber(redis.call('GET', hold) or kept)
    redis.call('SET', hold, math.floor(mean * 0.8 + kept * 0.2), 'EX', 86400)
  end
  redis.call('ZREM', running, ticket)
  redis.call('HDEL', since, ticket)
  return {}
elseif operation == 'position' then
  local rank = redis.call('ZRANK', waiting, ticket)
  return { rank and position_at(rank) or -1 }
end
return load()
