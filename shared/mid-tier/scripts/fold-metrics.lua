-- Takes in one edge's report: who it is and where it stands, and what its counters have grown by since the last one.
-- Counters are cumulative within one life of an isolate ("boot"), so a report that comes twice, or late, adds nothing.
-- KEYS: edges, totals of this edge and boot, then buckets of time, finest first
-- ARGV: edge, its report, totals kept ms, number of buckets, how long each is kept in ms, then counter and value, repeated
local edge, report, totals_kept, buckets = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local FIRST = 5 + buckets

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
redis.call('HSET', KEYS[1], edge, int(now) .. ' ' .. report)

for i = FIRST, #ARGV - 1, 2 do
  local name, value = ARGV[i], tonumber(ARGV[i + 1])
  local gauge = string.sub(name, 1, 6) == 'gauge|'
  local before = tonumber(redis.call('HGET', KEYS[2], name) or '0')
  if value > before then redis.call('HSET', KEYS[2], name, int(value)) end
  for b = 1, buckets do
    if gauge then
      local there = tonumber(redis.call('HGET', KEYS[2 + b], name) or '0')
      if value > there then redis.call('HSET', KEYS[2 + b], name, int(value)) end
    elseif value > before then
      redis.call('HINCRBY', KEYS[2 + b], name, int(value - before))
    end
  end
end
redis.call('PEXPIRE', KEYS[2], totals_kept)
for b = 1, buckets do redis.call('PEXPIRE', KEYS[2 + b], ARGV[4 + b]) end
return { int(now) }
