-- The gate's book: gateway/domain/gatehouse.py, step by step the same, under this clock.
--
-- KEYS[1] is what every key begins with. It carries a hash tag, so that all of the gate's keys
-- are in one slot: a request's limits belong to its key, its tenant and everybody at once, and
-- can be taken together only where they are together.
-- ARGV[1] is the operation, ARGV[2] its arguments in MessagePack, ARGV[3] the lease (us).
--
-- l<hash>  a meter's state          c<hash>  holders under a concurrent limit, by end of lease
-- b<hash>:<start>  spent, reserved  p<name>  holders of a provider's places, by end of lease
-- s<holder>  what a holder has      alive    all holders, by end of lease
-- r<holder>  what was paid for one who was taken for dead, and under which accounts
-- Whatever is read is kept for the other requests of the batch and written once, at the end.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local prefix, lease = KEYS[1], tonumber(ARGV[3])
local NEVER = math.huge

--@meters

local CONCURRENT = 5
local TOKENS, MONEY, REQUESTS = 2, 3, 1
local HELD_RETRY = 1000000
local DAY, MONTH = 1, 2
local DAY_SECONDS = 86400
local KEEP_STAY_MS = 7 * DAY_SECONDS * 1000
local KEEP_ACCOUNT_MS = 40 * DAY_SECONDS * 1000
local N_ORPHANS = 100

local read, changed = {}, {}

local function load(key)
  local found = read[key]
  if found == nil then
    local packed = redis.call('GET', prefix .. key)
    found = packed and cmsgpack.unpack(packed) or false
    read[key] = found
  end
  return found
end

local function save(key, value, ttl_ms)
  read[key], changed[key] = value, ttl_ms
end

local function save_meter(m, state)
  local _, whole = METERS[m[2]].level(m, state)
  save(m[1], state, math.floor(whole / 1000) + 1000)
end

-- Leases: sorted sets of holders, pruned once per call; who joins is added at the end.
local crowds, joining, gone_keys, gone_holders = {}, {}, {}, {}

local function crowd(key)
  if not crowds[key] then
    redis.call('ZREMRANGEBYSCORE', prefix .. key, '-inf', now)
    crowds[key] = redis.call('ZCARD', prefix .. key)
  end
  return crowds[key]
end

local function keep(key, holder)
  local members = joining[key]
  if not members then
    members = {}
    joining[key] = members
  end
  members[#members + 1] = now + lease
  members[#members + 1] = holder
end

local function hold(key, holder)
  crowds[key] = crowd(key) + 1
  keep(key, holder)
end

local function release(key, holder)
  crowds[key] = crowd(key) - redis.call('ZREM', prefix .. key, holder)
end

local function forget(key)
  read[key], changed[key] = false, nil
  gone_keys[#gone_keys + 1] = prefix .. key
end

local function write()
  if #gone_keys > 0 then redis.call('DEL', unpack(gone_keys)) end
  if #gone_holders > 0 then redis.call('ZREM', prefix .. 'alive', unpack(gone_holders)) end
  for key, ttl_ms in pairs(changed) do
    redis.call('SET', prefix .. key, cmsgpack.pack(read[key]), 'PX', ttl_ms)
  end
  for key, members in pairs(joining) do
    redis.call('ZADD', prefix .. key, unpack(members))
    redis.call('PEXPIRE', prefix .. key, key == 'alive' and KEEP_STAY_MS or math.ceil(lease / 500))
  end
end

-- Periods of the calendar, in Unix seconds.
local month

local function days_of(year, index)
  if index == 2 then
    local is_leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    return is_leap and 29 or 28
  end
  return (index == 4 or index == 6 or index == 9 or index == 11) and 30 or 31
end

local function this_month()
  if not month then
    local today, year, index, first = math.floor(now / 1000000 / DAY_SECONDS), 2024, 1, 19723
    while first + days_of(year, index) <= today do
      first = first + days_of(year, index)
      index = index % 12 + 1
      if index == 1 then year = year + 1 end
    end
    month = {first * DAY_SECONDS, (first + days_of(year, index)) * DAY_SECONDS}
  end
  return month[1], month[2]
end

local function period(kind)
  if kind == DAY then
    local start = math.floor(now / 1000000 / DAY_SECONDS) * DAY_SECONDS
    return start, start + DAY_SECONDS
  elseif kind == MONTH then
    return this_month()
  end
  return 0, nil
end

local function account(base, kind)
  local start, ends = period(kind)
  return base .. ':' .. string.format('%d', start), start, ends
end

local function save_account(key, spending, ends)
  -- A little longer than the period: who entered in it may leave after it.
  local ttl_ms = ends and ends * 1000 - math.floor(now / 1000) + DAY_SECONDS * 1000
  save(key, spending, ttl_ms and math.max(1000, ttl_ms) or KEEP_ACCOUNT_MS)
end

-- Entering.

local function claim_wait(m, cost)
  if m[2] == CONCURRENT then
    if crowd(m[1]) < m[4] then return 0 end
    return m[4] == 0 and NEVER or HELD_RETRY
  end
  local meter = METERS[m[2]]
  local state = meter.at(m, load(m[1]))
  return meter.wait(m, state, cost)
end

local function money_wait(spending, limit, amount, ends)
  local paid = spending[1] + amount
  if paid + spending[2] <= limit then return 0 end
  if amount > limit then return NEVER end
  if paid <= limit then return HELD_RETRY end
  return ends and ends * 1000000 - now or NEVER
end

local function add_levels(answer, claims)
  for i = 1, #claims, 2 do
    local m = claims[i]
    local left, whole
    if m[2] == CONCURRENT then
      left, whole = math.max(0, m[4] - crowd(m[1])), 0
    else
      local meter = METERS[m[2]]
      left, whole = meter.level(m, meter.at(m, load(m[1])))
    end
    answer[#answer + 1] = left
    answer[#answer + 1] = whole
  end
  return answer
end

local function longest_wait(claims, reservations, accounts)
  local longest, index = 0, 0
  for i = 1, #claims, 2 do
    local wait = claim_wait(claims[i], claims[i + 1])
    if wait > longest then longest, index = wait, (i - 1) / 2 end
  end
  for i, found in ipairs(accounts) do
    local wait = money_wait(
      load(found[1]), reservations[i * 4 - 1], reservations[i * 4], found[2])
    if wait > longest then longest, index = wait, #claims / 2 + i - 1 end
  end
  return longest, index
end

local function seat(holder, places, is_forced)
  for i = 1, #places, 2 do
    if is_forced or crowd(places[i]) < places[i + 1] then
      hold(places[i], holder)
      return (i - 1) / 2, places[i]
    end
  end
  return -1, false
end

-- Returns what was paid for one who was taken for dead; who comes back has it to its credit.
local function paid_for(holder)
  local reaped = load('r' .. holder)
  if not reaped then return 0 end
  forget('r' .. holder)
  return reaped[1]
end

-- Answers {1, place, levels ..., money out ...}, {0, wait, index, levels ...} or {2, index, start ...}.
local function enter(entrance)
  local holder, claims, reservations, places, record, is_forced = unpack(entrance)
  local accounts, unread = {}, {2}
  for i = 1, #reservations, 4 do
    local key, start, ends = account(reservations[i], reservations[i + 1])
    accounts[#accounts + 1] = {key, ends}
    if not load(key) then
      unread[#unread + 1] = (i - 1) / 4
      unread[#unread + 1] = start
    end
  end
  if #unread > 1 then return unread end
  if not is_forced then
    local wait, index = longest_wait(claims, reservations, accounts)
    if wait > 0 then
      return add_levels({0, wait == NEVER and -1 or wait, index}, claims)
    end
  end
  local place, place_key = seat(holder, places, is_forced)
  for i = 1, #claims, 2 do
    local m = claims[i]
    if m[2] == CONCURRENT then
      hold(m[1], holder)
    else
      local meter = METERS[m[2]]
      save_meter(m, meter.take(m, meter.at(m, load(m[1])), claims[i + 1]))
    end
  end
  local reserved = {}
  for i, found in ipairs(accounts) do
    local spending = load(found[1])
    spending[2] = spending[2] + reservations[i * 4]
    save_account(found[1], spending, found[2])
    reserved[#reserved + 1] = found[1]
    reserved[#reserved + 1] = reservations[i * 4]
    reserved[#reserved + 1] = found[2] or 0
  end
  local paid = is_forced and paid_for(holder) or 0
  save('s' .. holder, {now, claims, reserved, place_key, 0, record, paid}, KEEP_STAY_MS)
  keep('alive', holder)
  local answer = add_levels({1, place}, claims)
  for _, found in ipairs(accounts) do
    local spending = load(found[1])
    answer[#answer + 1] = spending[1] + spending[2]
  end
  return answer
end

-- Leaving.

local function surplus(unit, cost, tokens, microusd, is_void)
  if unit == TOKENS then return tokens - cost end
  if unit == MONEY then return microusd - cost end
  return is_void and -cost or 0
end

local function pay(key, spent, reserved, ends)
  local spending = load(key)
  if spending then
    spending[1] = spending[1] + spent
    spending[2] = spending[2] - reserved
    save_account(key, spending, ends ~= 0 and ends or nil)
  end
end

-- Who is not here was taken for dead, and pays the rest; or was let in by a local share, and
-- then only the money is booked.
local function leave_from_outside(holder, microusd, bookings)
  local reaped = load('r' .. holder)
  if reaped then
    for i = 1, #reaped[2], 3 do
      pay(reaped[2][i], math.max(0, microusd - reaped[1]), 0, reaped[2][i + 2])
    end
    forget('r' .. holder)
    return
  end
  for i = 1, #bookings, 2 do
    local key, _, ends = account(bookings[i], bookings[i + 1])
    pay(key, microusd, 0, ends or 0)
  end
end

local function is_renewed(holder)
  local until_us = redis.call('ZSCORE', prefix .. 'alive', holder)
  return until_us and tonumber(until_us) > now
end

local function leave(departure)
  local holder, tokens, microusd, is_void, is_reaped, bookings = unpack(departure)
  local stay = load('s' .. holder)
  if not stay then
    if not is_reaped then leave_from_outside(holder, microusd, bookings) end
    return
  end
  if is_reaped and is_renewed(holder) then return end
  local entered, claims, reserved, place_key, _, _, paid = unpack(stay)
  paid = paid or 0
  if is_reaped then
    save('r' .. holder, {math.max(microusd, paid), reserved}, KEEP_STAY_MS)
  end
  if place_key then release(place_key, holder) end
  for i = 1, #claims, 2 do
    local m = claims[i]
    if m[2] == CONCURRENT then
      release(m[1], holder)
    else
      local more = surplus(m[3], claims[i + 1], tokens, microusd, is_void)
      if more ~= 0 then
        local meter = METERS[m[2]]
        save_meter(m, meter.correct(m, meter.at(m, load(m[1])), more, entered))
      end
    end
  end
  for i = 1, #reserved, 3 do
    pay(reserved[i], math.max(0, microusd - paid), reserved[i + 1], reserved[i + 2])
  end
  forget('s' .. holder)
  gone_holders[#gone_holders + 1] = holder
end

-- Staying.

-- Returns whether the holder is known.
local function renew(holder, tokens, record)
  local stay = load('s' .. holder)
  if not stay then return false end
  if stay[5] ~= tokens or (record ~= '' and record ~= stay[6]) then
    stay[5] = tokens
    if record ~= '' then stay[6] = record end
    save('s' .. holder, stay, KEEP_STAY_MS)
  end
  keep('alive', holder)
  if stay[4] then keep(stay[4], holder) end
  for i = 1, #stay[2], 2 do
    if stay[2][i][2] == CONCURRENT then keep(stay[2][i][1], holder) end
  end
  return true
end

local OPERATIONS = {}

-- {seeds {account, end, spent ...}, departures, entrances} -> an answer per entrance.
function OPERATIONS.turn(arguments)
  local seeds, departures, entrances = unpack(arguments)
  for i = 1, #seeds, 3 do
    local key, ends = seeds[i], seeds[i + 1] ~= 0 and seeds[i + 1] or nil
    if not load(key) then save_account(key, {seeds[i + 2], 0}, ends) end
  end
  for _, departure in ipairs(departures) do leave(departure) end
  local answers = {}
  for i, entrance in ipairs(entrances) do answers[i] = enter(entrance) end
  return answers
end

-- {holder, tokens, record ...} -> the holders that are not known.
function OPERATIONS.renew(arguments)
  local unknown = {}
  for i = 1, #arguments, 3 do
    if not renew(arguments[i], arguments[i + 1], arguments[i + 2]) then
      unknown[#unknown + 1] = arguments[i]
    end
  end
  return unknown
end

-- {holder, places} -> index, -1 when all were taken, -2 when the holder is not known.
function OPERATIONS.move(arguments)
  local holder, places = unpack(arguments)
  local stay = load('s' .. holder)
  if not stay then return -2 end
  if stay[4] then release(stay[4], holder) end
  local place, place_key = seat(holder, places, false)
  stay[4] = place_key
  save('s' .. holder, stay, KEEP_STAY_MS)
  return place
end

-- {key ...} -> how many hold each.
function OPERATIONS.count(arguments)
  local counts = {}
  for i, key in ipairs(arguments) do counts[i] = crowd(key) end
  return counts
end

-- {base, kind ...} -> spent and reserved of each, -1 where it is not known.
function OPERATIONS.spendings(arguments)
  local found = {}
  for i = 1, #arguments, 2 do
    local spending = load((account(arguments[i], arguments[i + 1]))) or {-1, -1}
    found[i], found[i + 1] = spending[1], spending[2]
  end
  return found
end

-- {base, kind, start, more} -> 1 once the open period has more to its name, 0 when it is another.
function OPERATIONS.correct(arguments)
  local base, kind, start, more = unpack(arguments)
  local key, opened, ends = account(base, kind)
  local spending = load(key)
  if not spending or opened ~= start then return 0 end
  save_account(key, {math.max(0, spending[1] + more), spending[2]}, ends)
  return 1
end

if ARGV[1] == 'orphans' then
  -- {holder, tokens, record ...}, the oldest first; not packed, a record may be any bytes.
  local found = {}
  local late = redis.call('ZRANGEBYSCORE', prefix .. 'alive', '-inf', now, 'LIMIT', 0, N_ORPHANS)
  for _, holder in ipairs(late) do
    local stay = load('s' .. holder)
    if stay then
      found[#found + 1] = holder
      found[#found + 1] = stay[5]
      found[#found + 1] = stay[6]
    else
      redis.call('ZREM', prefix .. 'alive', holder)
    end
  end
  return found
end

local answer = OPERATIONS[ARGV[1]](cmsgpack.unpack(ARGV[2]))
write()
return cmsgpack.pack(answer)
