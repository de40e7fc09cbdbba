-- One flush of one process: store every entry, keep the streams alive, tell the listeners.
-- KEYS: one stream per entry, then the streams whose life is to be prolonged.
-- ARGV: number of entries, length cap, life in seconds, the entries, then channel and message
-- pairs. Storing and telling are one step: what a reader does not find stored, it will hear.
local n_entries, cap, life = tonumber(ARGV[1]), ARGV[2], ARGV[3]
for i = 1, n_entries do
  redis.call('XADD', KEYS[i], 'MAXLEN', '~', cap, '*', 'e', ARGV[3 + i])
end
for i = n_entries + 1, #KEYS do
  redis.call('EXPIRE', KEYS[i], life)
end
for i = 4 + n_entries, #ARGV, 2 do
  redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
end
return n_entries
