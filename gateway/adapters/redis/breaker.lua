-- One hash per target: until (ms, absent while closed), openings in a row, probe (ms), and the
-- reports of each tenth of the window as <index>:o, <index>:s, <index>:f. Times are the store's.
-- The same arithmetic as gateway/domain/breaker.py.
-- KEYS: the targets. ARGV: operation, window ms, least reports, failure share, slow share,
-- cooldown ms, longest cooldown ms, long cooldown ms, probe ms, jitter, then the operation's own:
--   report: report, ordered ms (-1: nobody said), is long, roll, good ones saved up before
--   count:  good ones saved up, per key
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local operation = ARGV[1]
local window, least = tonumber(ARGV[2]), tonumber(ARGV[3])
local failure_share, slow_share = tonumber(ARGV[4]), tonumber(ARGV[5])
local cooldown, longest, long = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local probe_ms, jitter = tonumber(ARGV[9]), tonumber(ARGV[10])
local N_BUCKETS = 10
local index = math.floor(now / (window / N_BUCKETS))

local function standing(key)
  local held = redis.call('HMGET', key, 'until', 'probe')
  if not held[1] then return 'closed', 0 end
  if now < tonumber(held[1]) then return 'open', tonumber(held[1]) - now end
  return 'half_open', math.max(0, tonumber(held[2] or 0) - now)
end

local function count(key, kind, n)
  redis.call('HINCRBY', key, index .. ':' .. kind, n)
  redis.call('PEXPIRE', key, window * 2)
end

local function is_too_bad(key)
  local n = {o = 0, s = 0, f = 0}
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local at, kind = string.match(fields[i], '^(%d+):(%a)$')
    if at then
      if tonumber(at) <= index - N_BUCKETS then
        redis.call('HDEL', key, fields[i])
      else
        n[kind] = n[kind] + tonumber(fields[i + 1])
      end
    end
  end
  local all = n.o + n.s + n.f
  if all < least then return false end
  return n.f >= failure_share * all or n.f + n.s >= slow_share * all
end

local function open(key, ordered, roll)
  local openings = tonumber(redis.call('HGET', key, 'openings') or 0) + 1
  local ms = ordered
  if ms < 0 then
    ms = math.min(longest, cooldown * 2 ^ math.min(openings - 1, 30)) * (1 + jitter * roll)
  end
  redis.call('DEL', key)
  redis.call('HSET', key, 'until', math.floor(now + ms), 'openings', openings)
  redis.call('PEXPIRE', key, math.floor(ms) + longest * 2 + probe_ms)
end

local function report(key)
  local kind, ordered, roll = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[14])
  local saved = tonumber(ARGV[15])
  local state = standing(key)
  if state == 'closed' and saved > 0 then count(key, 'o', saved) end
  if ordered < 0 and ARGV[13] == '1' then ordered = long end
  if kind == 'void' then
    redis.call('HDEL', key, 'probe')
  elseif state == 'open' then
    local till = tonumber(redis.call('HGET', key, 'until'))
    if kind == 'failed' and ordered >= 0 and now + ordered > till then
      redis.call('HSET', key, 'until', now + ordered)
      redis.call('PEXPIRE', key, ordered + longest * 2 + probe_ms)
    end
  elseif state == 'half_open' then
    if kind == 'ok' then redis.call('DEL', key) else open(key, ordered, roll) end
  else
    count(key, ({ok = 'o', slow = 's', failed = 'f'})[kind], 1)
    if (kind == 'failed' and ordered >= 0) or is_too_bad(key) then open(key, ordered, roll) end
  end
  return state
end

if operation == 'count' then
  for i, key in ipairs(KEYS) do
    if standing(key) == 'closed' then count(key, 'o', tonumber(ARGV[10 + i])) end
  end
end

local answers = {}
for _, key in ipairs(KEYS) do
  local before, granted = '', 0
  if operation == 'report' then
    before = report(key)
  elseif operation == 'probe' then
    local state, seconds = standing(key)
    if state == 'half_open' and seconds == 0 then
      redis.call('HSET', key, 'probe', now + probe_ms)
      granted = 1
    end
  end
  local state, ms = standing(key)
  answers[#answers + 1] = {state, ms, before, granted}
end
return answers
