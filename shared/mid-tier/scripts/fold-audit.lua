-- Counts what one batch of an edge's samples has shown, each batch once, however often it comes.
-- KEYS: the last batch counted of this edge and boot, the last violation, then buckets of time, finest first
-- ARGV: number of the batch, how long that is remembered in ms, the batch's last violation ('' = none) and how long that
--       is remembered, number of buckets, how long each is kept in ms, then counter and what it grows by, repeated
local number, buckets = tonumber(ARGV[1]), tonumber(ARGV[5])
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if number <= before then return { 'known', string.format('%.0f', before) } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
for b = 1, buckets do
  for i = 6 + buckets, #ARGV - 1, 2 do redis.call('HINCRBY', KEYS[2 + b], ARGV[i], ARGV[i + 1]) end
  if #ARGV > 5 + buckets then redis.call('PEXPIRE', KEYS[2 + b], ARGV[5 + b]) end
end
return { 'counted', ARGV[1] }
