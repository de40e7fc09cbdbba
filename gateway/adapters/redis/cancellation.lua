-- KEYS[1]: the flag. ARGV: its value, seconds to keep it, the control channel.
-- The notice goes out every time: a worker that missed the first one hears the second.
local is_first = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
redis.call('PUBLISH', ARGV[3], redis.call('GET', KEYS[1]))
return is_first and 1 or 0
