-- Notes what was found to be so: the last word stands by itself, and of what several notes say, a bucket of time keeps the greatest.
-- KEYS: the last word, then buckets of time, finest first
-- ARGV: how long the last word is kept in ms, how long each bucket is, how many gauges the buckets keep, then gauge and value,
--       repeated, those first
local FIRST = #KEYS + 2
local kept = FIRST + 2 * tonumber(ARGV[FIRST - 1]) - 1
redis.call('DEL', KEYS[1])
for i = FIRST, #ARGV - 1, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
for b = 2, #KEYS do
  for i = FIRST, kept, 2 do
    local name = 'gauge|' .. ARGV[i]
    local there = tonumber(redis.call('HGET', KEYS[b], name) or '-1')
    if tonumber(ARGV[i + 1]) > there then redis.call('HSET', KEYS[b], name, ARGV[i + 1]) end
  end
  redis.call('PEXPIRE', KEYS[b], ARGV[b])
end
return { 'noted' }
