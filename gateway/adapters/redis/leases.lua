-- One hash per turn: epoch, owner, until (ms). Times are the store's own.
-- KEYS: the leases. ARGV: operation, lease ms, keep ms, then epoch and owner per key.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local operation, lease_ms, keep_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function take(key, epoch, owner)
  redis.call('HSET', key, 'epoch', epoch, 'owner', owner, 'until', now + lease_ms)
  redis.call('PEXPIRE', key, keep_ms)
end

local answers = {}
for i, key in ipairs(KEYS) do
  local epoch, owner = ARGV[2 * i + 2], ARGV[2 * i + 3]
  local held = redis.call('HMGET', key, 'epoch', 'owner', 'until')
  local answer
  if operation == 'alive' then
    answer = (held[3] and tonumber(held[3]) > now) and 'yes' or 'no'
  elseif held[1] and held[1] == epoch and held[2] == owner then
    if operation == 'release' then
      redis.call('HSET', key, 'until', 0)
    else
      take(key, epoch, owner)
    end
    answer = 'ok'
  elseif operation == 'release' then
    answer = 'ok'
  elseif not held[1] or (operation == 'acquire' and tonumber(held[1]) < tonumber(epoch)) then
    take(key, epoch, owner)
    answer = 'ok'
  elseif tonumber(held[1]) > tonumber(epoch) then
    answer = 'fenced'
  else
    answer = 'held'
  end
  answers[i] = answer
end
return answers
