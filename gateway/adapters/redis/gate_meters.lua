-- The four meters of gateway/domain/meters.py, step by step the same; see there for the reasons.
-- A meter is {key, kind, unit, figures ...}; a state is an array of whole numbers. All numbers
-- stay below 2^53, where they are exact.
local MOST_GRAINS = 2251799813685248

local function steps(way, stride)
  return math.ceil(way / stride)
end

local token_bucket = {}

function token_bucket.at(m, state)
  if not state then return {m[6], now} end
  local elapsed = math.max(0, now - state[2])
  state[1] = math.min(m[6], state[1] + elapsed * m[4])
  state[2] = state[2] + elapsed
  return state
end

function token_bucket.wait(m, state, cost)
  local wanted = cost * m[5]
  if wanted > m[6] or m[4] == 0 then return NEVER end
  local lacking = wanted - state[1]
  if lacking <= 0 then return 0 end
  return state[2] - now + steps(lacking, m[4])
end

function token_bucket.take(m, state, cost)
  state[1] = state[1] - cost * m[5]
  return state
end

function token_bucket.correct(m, state, more)
  state[1] = math.max(-MOST_GRAINS, math.min(m[6], state[1] - more * m[5]))
  return state
end

function token_bucket.level(m, state)
  local whole = m[4] == 0 and 0 or steps(m[6] - state[1], m[4])
  return math.max(0, math.floor(state[1] / m[5])), whole
end

local leaky_bucket = {}

function leaky_bucket.at(m, state)
  if not state then return {0, now} end
  local elapsed = math.max(0, now - state[2])
  state[1] = math.max(0, state[1] - elapsed * m[4])
  state[2] = state[2] + elapsed
  return state
end

function leaky_bucket.wait(m, state, cost)
  if cost > m[7] or m[4] == 0 then return NEVER end
  local over = state[1] - m[6]
  if over <= 0 then return 0 end
  return state[2] - now + steps(over, m[4])
end

function leaky_bucket.take(m, state, cost)
  state[1] = state[1] + cost * m[5]
  return state
end

function leaky_bucket.correct(m, state, more)
  state[1] = math.min(MOST_GRAINS, math.max(0, state[1] + more * m[5]))
  return state
end

function leaky_bucket.level(m, state)
  if m[4] == 0 then return 0, 0 end
  local room = m[6] - state[1]
  return room >= 0 and math.floor(room / m[5]) + 1 or 0, steps(state[1], m[4])
end

local fixed_window = {}

function fixed_window.at(m, state)
  local index = math.floor(now / m[5])
  if state and state[1] >= index then return state end
  return {index, 0}
end

function fixed_window.wait(m, state, cost)
  if cost > m[4] then return NEVER end
  if state[2] + cost <= m[4] then return 0 end
  return (state[1] + 1) * m[5] - now
end

function fixed_window.take(m, state, cost)
  state[2] = state[2] + cost
  return state
end

function fixed_window.correct(m, state, more, taken)
  if math.floor(taken / m[5]) == state[1] then
    state[2] = math.max(0, state[2] + more)
  end
  return state
end

function fixed_window.level(m, state)
  local left = state[2] == 0 and 0 or (state[1] + 1) * m[5] - now
  return math.max(0, m[4] - state[2]), left
end

local sliding_window = {}

local function gone(m, slot)
  return (slot + 1) * m[6] + m[5]
end

local function used(state)
  local sum = 0
  for i = 2, #state, 2 do sum = sum + state[i] end
  return sum
end

function sliding_window.at(m, state)
  local kept = {}
  for i = 1, state and #state or 0, 2 do
    if gone(m, state[i]) > now then
      kept[#kept + 1] = state[i]
      kept[#kept + 1] = state[i + 1]
    end
  end
  return kept
end

function sliding_window.wait(m, state, cost)
  if cost > m[4] then return NEVER end
  local excess, wait = used(state) + cost - m[4], 0
  for i = 1, #state, 2 do
    if excess <= 0 then break end
    excess = excess - state[i + 1]
    wait = gone(m, state[i]) - now
  end
  return wait
end

function sliding_window.take(m, state, cost)
  local slot, n = math.floor(now / m[6]), #state
  if n > 0 and state[n - 1] >= slot then
    state[n] = state[n] + cost
  else
    state[n + 1] = slot
    state[n + 2] = cost
  end
  return state
end

function sliding_window.correct(m, state, more, taken)
  local slot = math.floor(taken / m[6])
  for i = 1, #state, 2 do
    if state[i] == slot then state[i + 1] = math.max(0, state[i + 1] + more) end
  end
  return state
end

function sliding_window.level(m, state)
  local left = #state == 0 and 0 or gone(m, state[#state - 1]) - now
  return math.max(0, m[4] - used(state)), left
end

local METERS = {token_bucket, leaky_bucket, fixed_window, sliding_window}
