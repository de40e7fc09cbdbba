-- Who asks for everybody that asks the same, in one atomic step.
-- KEYS: the run that leads, the members that listen (sorted by when they run out).
-- ARGV: what to do, the run, the member, how long a sign of life counts (milliseconds).
local leads, members = KEYS[1], KEYS[2]
local what, run, member, life = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function listen()
  redis.call('ZADD', members, now + life, member)
  redis.call('PEXPIRE', members, life * 2)
end

if what == 'join' then
  local found = redis.call('GET', leads)
  if found and found ~= member then
    listen()
    return found
  end
  redis.call('SET', leads, member, 'PX', life)
  if not found then
    redis.call('DEL', members)
  end
  return member
end

local leader = redis.call('GET', leads)
if what == 'renew' then
  if run == member then
    if leader and leader ~= run then
      return 0
    end
    -- A store that has lost everything is told again who leads.
    redis.call('SET', leads, run, 'PX', life)
    return 1
  end
  listen()
  return leader == run and 1 or 0
end

if what == 'leave' then
  return redis.call('ZREM', members, member)
end

-- retire, or over
if leader ~= run then
  return 1
end
redis.call('ZREMRANGEBYSCORE', members, '-inf', now)
if what == 'retire' and redis.call('ZCARD', members) > 0 then
  return 0
end
redis.call('DEL', leads, members)
return 1
