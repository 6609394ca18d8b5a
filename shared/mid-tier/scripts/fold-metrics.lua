-- Takes in one edge's report: who it is and where it stands, and what its counters have grown by since the last one.
-- Counters are cumulative within one life of an isolate ("boot"), so a report that comes twice, or late, adds nothing.
-- The first report of a life says what the one before it may have counted and told nobody: all since its last report,
-- until the new one began.
-- KEYS: edges, totals of this edge and boot, then buckets of time, finest first
-- ARGV: edge, its report, how long its life has lasted in ms, totals kept ms, number of buckets, how long each is kept in ms,
--       then counter and value, repeated
local edge, report, age, totals_kept, buckets = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local FIRST = 6 + buckets

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function add(name, by)
  for b = 1, buckets do redis.call('HINCRBY', KEYS[2 + b], name, by) end
end

if redis.call('EXISTS', KEYS[2]) == 0 then
  local before = tonumber(string.match(redis.call('HGET', KEYS[1], edge) or '', '^(%d+) '))
  if before then
    add('lost|lives', '1')
    add('lost|upToMs', int(math.max(0, now - before - age)))
  end
end
redis.call('HSET', KEYS[1], edge, int(now) .. ' ' .. report)
redis.call('HSET', KEYS[2], 'reported', int(now))
add('reports', '1')

for i = FIRST, #ARGV - 1, 2 do
  local name, value = ARGV[i], tonumber(ARGV[i + 1])
  if string.sub(name, 1, 6) == 'gauge|' then
    for b = 1, buckets do
      local there = tonumber(redis.call('HGET', KEYS[2 + b], name) or '-1')
      if value > there then redis.call('HSET', KEYS[2 + b], name, int(value)) end
    end
  else
    local before = tonumber(redis.call('HGET', KEYS[2], name) or '0')
    if value > before then
      redis.call('HSET', KEYS[2], name, int(value))
      add(name, int(value - before))
    end
  end
end
redis.call('PEXPIRE', KEYS[2], totals_kept)
for b = 1, buckets do redis.call('PEXPIRE', KEYS[2 + b], ARGV[5 + b]) end
return { int(now) }
