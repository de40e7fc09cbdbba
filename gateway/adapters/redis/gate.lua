-- The gate's book: gateway/domain/gatehouse.py, step by step the same, under this clock.
--
-- A library: what stands here is defined when it is loaded, and not again with every call.
-- KEYS[1] is what every key begins with. It carries a hash tag, so that all of the gate's keys
-- are in one slot: a request's limits belong to its key, its tenant and everybody at once, and
-- can be taken together only where they are together.
-- ARGV[1] is the operation, ARGV[2] its arguments in MessagePack, ARGV[3] the lease (us).
--
-- l<hash>  a meter's state          c<hash>  holders under a concurrent limit, by end of lease
-- b<hash>:<start>  spent, reserved  p<name>  holders of a provider's places, by end of lease
-- stays    what each holder has     alive    all holders, by end of lease
-- r<holder>  what was paid for one who was taken for dead, since when, and under which budgets
--
-- A ticket is what its client packs of a request: its plan, its record, a cost for each limit
-- and an amount for each budget, one behind the other. A plan is what binds requests of a kind:
-- {limits, budgets {base, kind, limit}, places {key, how many ...}}. A stay is when it began, the
-- place's key (or false), the output so far, what was paid before, and the ticket.
local NEVER = 1 / 0
local CONCURRENT = 5
local TOKENS, MONEY = 2, 3
local VOID, REAPED = 1, 2
local FORCED, PASSING = 1, 2
local DAY, MONTH = 1, 2
local DAY_SECONDS = 86400
local HELD_RETRY = 1000000
local KEEP_STAY_MS = 7 * DAY_SECONDS * 1000
local KEEP_ACCOUNT_MS = 40 * DAY_SECONDS * 1000
local N_ORPHANS = 100
local N_PLANS = 2000

-- Of the call under way. What is read serves the whole batch and is written once, at the end.
local now, lease, prefix, alive, stays_key
local read, flowed, booked
local stays, came, went
local crowds, pruned, leaving, joining

--@meters

local function load(key)
  local found = read[key]
  if found == nil then
    local packed = redis.call('GET', key)
    found = packed and cmsgpack.unpack(packed) or false
    read[key] = found
  end
  return found
end

-- Returns the meter's state as it is by now.
local function state_of(m)
  local state = read[m[1]]
  if not state then
    state = METERS[m[2]].at(m, load(m[1]))
    read[m[1]] = state
  end
  return state
end

-- Plans are the same whenever they are unpacked, so they are kept for later calls.
local plans, n_plans = {}, 0

local function unpacked_plan(packed)
  local limits, budgets, places = unpack(cmsgpack.unpack(packed))
  for _, m in ipairs(limits) do m[1] = prefix .. m[1] end
  for _, budget in ipairs(budgets) do budget[1] = prefix .. budget[1] end
  for i = 1, #places, 2 do places[i] = prefix .. places[i] end
  return {limits = limits, budgets = budgets, places = places}
end

local function plan_of(packed)
  local known = plans[prefix]
  local plan = known and known[packed]
  if not plan then
    if n_plans >= N_PLANS then plans, n_plans = {}, 0 end
    plan = unpacked_plan(packed)
    plans[prefix] = plans[prefix] or {}
    plans[prefix][packed], n_plans = plan, n_plans + 1
  end
  return plan
end

-- Leases: sorted sets of holders. Who leaves goes before anybody is counted, who joins is added
-- at the end.
local function release(key, holder)
  local members = leaving[key]
  if members then members[#members + 1] = holder else leaving[key] = {holder} end
end

-- Returns how many there are, or a few more: some may be late.
local function crowd_or_more(key)
  local n = crowds[key]
  if not n then
    if leaving[key] then
      redis.call('ZREM', key, unpack(leaving[key]))
      leaving[key] = nil
    end
    n = redis.call('ZCARD', key)
    crowds[key] = n
  end
  return n
end

local function crowd(key)
  if not pruned[key] then
    local n = crowd_or_more(key)
    crowds[key] = n - redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    pruned[key] = true
  end
  return crowds[key]
end

local function keep(key, holder)
  local members = joining[key]
  if members then
    local n = #members
    members[n + 1], members[n + 2] = now + lease, holder
  else
    joining[key] = {now + lease, holder}
  end
end

local function hold(key, holder)
  crowds[key] = crowd_or_more(key) + 1
  keep(key, holder)
end

local function look_up(holders)
  if #holders > 0 then
    local found = redis.call('HMGET', stays_key, unpack(holders))
    for i = 1, #holders do stays[holders[i]] = found[i] end
  end
end

local function write_down(holder, ticket, ...)
  local n = #came
  came[n + 1], came[n + 2] = holder, cmsgpack.pack(...) .. ticket
end

-- Periods of the calendar and their accounts, in Unix seconds.
local function days_of(year, index)
  if index == 2 then
    local is_leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    return is_leap and 29 or 28
  end
  return (index == 4 or index == 6 or index == 9 or index == 11) and 30 or 31
end

local function month_of(second)
  local today, year, index, first = math.floor(second / DAY_SECONDS), 2024, 1, 19723
  while first + days_of(year, index) <= today do
    first = first + days_of(year, index)
    index = index % 12 + 1
    if index == 1 then year = year + 1 end
  end
  return first * DAY_SECONDS, (first + days_of(year, index)) * DAY_SECONDS
end

local function period_of(kind, second)
  if kind == DAY then
    local start = math.floor(second / DAY_SECONDS) * DAY_SECONDS
    return start, start + DAY_SECONDS
  elseif kind == MONTH then
    return month_of(second)
  end
  return 0, NEVER
end

local function account_at(base, kind, time)
  local second = time / 1000000
  local start, ends = period_of(kind, second)
  return {key = base .. ':' .. string.format('%d', start), start = start, ends = ends}
end

-- Returns the account that was open at the time; mostly it is the one of the last request.
local function account_of(budget, time)
  local account = budget.account
  if not account or time < account.start * 1000000 or time >= account.ends * 1000000 then
    account = account_at(budget[1], budget[2], time)
    budget.account = account
  end
  return account
end

local function book(account, spending)
  read[account.key], booked[account.key] = spending, account
end

-- Entering.

local function claim_wait(m, cost)
  if m[2] == CONCURRENT then
    if crowd(m[1]) < m[4] then return 0 end
    return m[4] == 0 and NEVER or HELD_RETRY
  end
  return METERS[m[2]].wait(m, state_of(m), cost)
end

local function money_wait(account, limit, amount)
  local spending = load(account.key)
  local paid = spending[1] + amount
  if paid + spending[2] <= limit then return 0 end
  if amount > limit then return NEVER end
  if paid <= limit then return HELD_RETRY end
  return account.ends * 1000000 - now
end

local function longest_wait(limits, budgets, wanted)
  local longest, index = 0, 0
  for i = 1, #limits do
    local wait = claim_wait(limits[i], wanted[i])
    if wait > longest then longest, index = wait, i - 1 end
  end
  for i = 1, #budgets do
    local wait = money_wait(budgets[i].account, budgets[i][3], wanted[#limits + i])
    if wait > longest then longest, index = wait, #limits + i - 1 end
  end
  return longest, index
end

local function add_levels(answers, limits)
  for i = 1, #limits do
    local m, n = limits[i], #answers
    if m[2] == CONCURRENT then
      answers[n + 1], answers[n + 2] = math.max(0, m[4] - crowd(m[1])), 0
    else
      answers[n + 1], answers[n + 2] = METERS[m[2]].level(m, state_of(m))
    end
  end
end

-- Opens the accounts; asks for the sums of those that are not known, as {2, how many, index,
-- start ...}, and returns whether there are any.
local function is_unread(answers, budgets)
  local n, n_unread = #answers, 0
  for i = 1, #budgets do
    local account = account_of(budgets[i], now)
    if not load(account.key) then
      n_unread = n_unread + 1
      answers[n + 1], answers[n + 2] = 2, n_unread
      answers[n + 1 + 2 * n_unread], answers[n + 2 + 2 * n_unread] = i - 1, account.start
    end
  end
  return n_unread > 0
end

local function seat(holder, places, is_forced)
  for i = 1, #places, 2 do
    local key, n = places[i], places[i + 1]
    if is_forced or crowd_or_more(key) < n or crowd(key) < n then
      hold(key, holder)
      return (i - 1) / 2, key
    end
  end
  return -1, false
end

local function take(holder, limits, budgets, wanted)
  for i = 1, #limits do
    local m = limits[i]
    if m[2] == CONCURRENT then
      hold(m[1], holder)
    else
      METERS[m[2]].take(m, state_of(m), wanted[i])
      flowed[m[1]] = m
    end
  end
  for i = 1, #budgets do
    local account = budgets[i].account
    local spending = load(account.key)
    spending[2] = spending[2] + wanted[#limits + i]
    book(account, spending)
  end
end

-- Returns what was paid for one who was taken for dead; who comes back has it to its credit.
local function paid_for(holder)
  local key = prefix .. 'r' .. holder
  local reaped = load(key)
  if not reaped then return 0 end
  redis.call('DEL', key)
  read[key] = false
  return reaped[1]
end

-- Answers 1, place, levels ..., money out ...; or 0, wait, index, levels ...; or as `is_unread`.
local function enter(answers, holder, ticket, word, packed_plan, _, ...)
  local plan, wanted, is_forced = plan_of(packed_plan), {...}, word == FORCED
  local limits, budgets = plan.limits, plan.budgets
  if is_unread(answers, budgets) then return end
  local n = #answers
  if not is_forced then
    local wait, index = longest_wait(limits, budgets, wanted)
    if wait > 0 then
      answers[n + 1], answers[n + 2], answers[n + 3] = 0, wait == NEVER and -1 or wait, index
      return add_levels(answers, limits)
    end
  end
  local place, place_key = seat(holder, plan.places, is_forced)
  take(holder, limits, budgets, wanted)
  if word ~= PASSING then
    write_down(holder, ticket, now, place_key, 0, is_forced and paid_for(holder) or 0)
    keep(alive, holder)
  end
  answers[n + 1], answers[n + 2] = 1, place
  add_levels(answers, limits)
  for i = 1, #budgets do
    local spending = load(budgets[i].account.key)
    answers[#answers + 1] = spending[1] + spending[2]
  end
end

-- Leaving.

local function surplus(unit, cost, tokens, microusd, word)
  if unit == TOKENS then return tokens - cost end
  if unit == MONEY then return microusd - cost end
  return word == VOID and -cost or 0
end

local function pay(account, spent, reserved)
  local spending = load(account.key)
  if spending then
    spending[1] = spending[1] + spent
    spending[2] = spending[2] - reserved
    book(account, spending)
  end
end

-- Who is not here was taken for dead, and pays the rest; or was let in by a local share, and
-- then only the money is booked.
local function leave_from_outside(holder, microusd, budgets)
  local key = prefix .. 'r' .. holder
  local reaped = load(key)
  if reaped then
    local spent = math.max(0, microusd - reaped[1])
    for i = 3, #reaped, 2 do pay(account_at(reaped[i], reaped[i + 1], reaped[2]), spent, 0) end
    redis.call('DEL', key)
    read[key] = false
    return
  end
  for i = 1, budgets and #budgets or 0, 2 do
    pay(account_at(prefix .. budgets[i], budgets[i + 1], now), microusd, 0)
  end
end

local function is_renewed(holder)
  local until_us = redis.call('ZSCORE', alive, holder)
  return until_us and tonumber(until_us) > now
end

local function note_reaped(holder, paid, began, budgets)
  local key, reaped = prefix .. 'r' .. holder, {paid, began}
  for i = 1, #budgets do
    reaped[#reaped + 1] = budgets[i][1]
    reaped[#reaped + 1] = budgets[i][2]
  end
  redis.call('SET', key, cmsgpack.pack(reaped), 'PX', KEEP_STAY_MS)
  read[key] = reaped
end

local function give_back(
  holder, tokens, microusd, word, began, place_key, _, paid, packed_plan, _, ...)
  local plan, wanted = plan_of(packed_plan), {...}
  local limits, budgets = plan.limits, plan.budgets
  if word == REAPED then note_reaped(holder, math.max(microusd, paid), began, budgets) end
  if place_key then release(place_key, holder) end
  for i = 1, #limits do
    local m = limits[i]
    if m[2] == CONCURRENT then
      release(m[1], holder)
    else
      local more = surplus(m[3], wanted[i], tokens, microusd, word)
      if more ~= 0 then
        METERS[m[2]].correct(m, state_of(m), more, began)
        flowed[m[1]] = m
      end
    end
  end
  for i = 1, #budgets do
    pay(account_of(budgets[i], began), math.max(0, microusd - paid), wanted[#limits + i])
  end
end

local function leave(holder, tokens, microusd, word, budgets)
  local stay = stays[holder]
  if not stay then
    if word ~= REAPED then leave_from_outside(holder, microusd, budgets) end
  elseif word ~= REAPED or not is_renewed(holder) then
    give_back(holder, tokens, microusd, word, cmsgpack.unpack(stay))
    stays[holder] = false
    went[#went + 1] = holder
  end
end

-- Staying.

local function renew(holder, tokens, record, began, place_key, output, paid, packed_plan, old, ...)
  if record == '' then record = old end
  if output ~= tokens or record ~= old then
    local ticket = cmsgpack.pack(packed_plan, record, ...)
    write_down(holder, ticket, began, place_key, tokens, paid)
  end
  keep(alive, holder)
  if place_key then keep(place_key, holder) end
  for _, m in ipairs(plan_of(packed_plan).limits) do
    if m[2] == CONCURRENT then keep(m[1], holder) end
  end
end

local function reseat(holder, places, began, place_key, output, paid, ...)
  if place_key then release(place_key, holder) end
  for i = 1, #places, 2 do places[i] = prefix .. places[i] end
  local place, new_key = seat(holder, places, false)
  write_down(holder, cmsgpack.pack(...), began, new_key, output, paid)
  return place
end

-- Writing.

local function write_meters()
  for key, m in pairs(flowed) do
    local state = read[key]
    local _, whole = METERS[m[2]].level(m, state)
    redis.call('SET', key, cmsgpack.pack(state), 'PX', math.floor(whole / 1000) + 1000)
  end
end

local function write_accounts()
  for key, account in pairs(booked) do
    local ttl_ms = KEEP_ACCOUNT_MS
    if account.ends ~= NEVER then
      -- A little longer than the period: who entered in it may leave after it.
      ttl_ms = account.ends * 1000 - math.floor(now / 1000) + DAY_SECONDS * 1000
      if ttl_ms < 1000 then ttl_ms = 1000 end
    end
    redis.call('SET', key, cmsgpack.pack(read[key]), 'PX', ttl_ms)
  end
end

local function write_stays()
  if #went > 0 then
    redis.call('HDEL', stays_key, unpack(went))
    redis.call('ZREM', alive, unpack(went))
  end
  if #came > 0 then
    redis.call('HSET', stays_key, unpack(came))
    redis.call('PEXPIRE', stays_key, KEEP_STAY_MS)
  end
end

local function write_leases()
  for key, holders in pairs(leaving) do redis.call('ZREM', key, unpack(holders)) end
  for key, members in pairs(joining) do
    redis.call('ZADD', key, unpack(members))
    redis.call('PEXPIRE', key, key == alive and KEEP_STAY_MS or math.ceil(lease / 500))
  end
end

local OPERATIONS = {}

-- {seeds {account, end, spent ...}, departures {holder, tokens, microusd, word, budgets ...},
-- entrances {holder, ticket, word ...}} -> the answers, one behind the other.
function OPERATIONS.turn(arguments)
  local seeds, departures, entrances = arguments[1], arguments[2], arguments[3]
  for i = 1, #seeds, 3 do
    local key, ends = prefix .. seeds[i], seeds[i + 1]
    if not load(key) then
      book({key = key, ends = ends == 0 and NEVER or ends}, {seeds[i + 2], 0})
    end
  end
  local holders, answers = {}, {}
  for i = 1, #departures, 5 do holders[#holders + 1] = departures[i] end
  look_up(holders)
  for i = 1, #departures, 5 do
    leave(departures[i], departures[i + 1], departures[i + 2], departures[i + 3], departures[i + 4])
  end
  for i = 1, #entrances, 3 do
    local ticket = entrances[i + 1]
    enter(answers, entrances[i], ticket, entrances[i + 2], cmsgpack.unpack(ticket))
  end
  return answers
end

-- {holder, tokens, record ...} -> the holders that are not known.
function OPERATIONS.renew(arguments)
  local holders, unknown = {}, {}
  for i = 1, #arguments, 3 do holders[#holders + 1] = arguments[i] end
  look_up(holders)
  for i = 1, #arguments, 3 do
    local holder = arguments[i]
    if stays[holder] then
      renew(holder, arguments[i + 1], arguments[i + 2], cmsgpack.unpack(stays[holder]))
    else
      unknown[#unknown + 1] = holder
    end
  end
  return unknown
end

-- {holder, places} -> index, -1 when all were taken, -2 when the holder is not known.
function OPERATIONS.move(arguments)
  local holder, places = arguments[1], arguments[2]
  look_up({holder})
  if not stays[holder] then return -2 end
  return reseat(holder, places, cmsgpack.unpack(stays[holder]))
end

-- {key ...} -> how many hold each.
function OPERATIONS.count(arguments)
  local counts = {}
  for i, key in ipairs(arguments) do counts[i] = crowd(prefix .. key) end
  return counts
end

-- {base, kind ...} -> spent and reserved of each, -1 where it is not known.
function OPERATIONS.spendings(arguments)
  local found = {}
  for i = 1, #arguments, 2 do
    local account = account_at(prefix .. arguments[i], arguments[i + 1], now)
    local spending = load(account.key) or {-1, -1}
    found[i], found[i + 1] = spending[1], spending[2]
  end
  return found
end

-- {base, kind, start, more} -> 1 once the open period has more to its name, 0 when it is another.
function OPERATIONS.correct(arguments)
  local base, kind, start, more = unpack(arguments)
  local account = account_at(prefix .. base, kind, now)
  local spending = load(account.key)
  if not spending or account.start ~= start then return 0 end
  book(account, {math.max(0, spending[1] + more), spending[2]})
  return 1
end

-- Returns {holder, tokens, record ...}, the oldest first; not packed, a record may be any bytes.
local function orphans()
  local found = {}
  local late = redis.call('ZRANGEBYSCORE', alive, '-inf', now, 'LIMIT', 0, N_ORPHANS)
  look_up(late)
  for _, holder in ipairs(late) do
    if stays[holder] then
      local _, _, output, _, _, record = cmsgpack.unpack(stays[holder])
      found[#found + 1] = holder
      found[#found + 1] = output
      found[#found + 1] = record
    else
      redis.call('ZREM', alive, holder)
    end
  end
  return found
end

local function begin(keys, arguments)
  local clock = redis.call('TIME')
  now, lease = clock[1] * 1000000 + clock[2], tonumber(arguments[3])
  if prefix ~= keys[1] then
    prefix, alive, stays_key = keys[1], keys[1] .. 'alive', keys[1] .. 'stays'
  end
  read, flowed, booked = {}, {}, {}
  stays, came, went = {}, {}, {}
  crowds, pruned, leaving, joining = {}, {}, {}, {}
end

redis.register_function('@name', function(keys, arguments)
  begin(keys, arguments)
  if arguments[1] == 'orphans' then return orphans() end
  local answer = OPERATIONS[arguments[1]](cmsgpack.unpack(arguments[2]))
  write_meters()
  write_accounts()
  write_stays()
  write_leases()
  return cmsgpack.pack(answer)
end)
