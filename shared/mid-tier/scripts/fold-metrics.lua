-- Takes in one edge's report, or a piece of it: who it is and where it stands, and what its counters have grown by since the last one.
-- Counters are cumulative within one life of an isolate ("boot"), so a report that comes twice, or late, adds nothing. Edges
-- tell those that have changed, each with how far it was acknowledged: where its total is not known, it counts from there.
-- The first report of a life says what the one before it may have counted and told nobody: all since its last report,
-- until the new one began. Of a life that had begun long before, what it has counted by now is nobody's: it was taken in and
-- got lost, or was counted while nobody asked.
-- KEYS: edges, totals of this edge and boot, then buckets of time, finest first, the last one of all time
-- ARGV: edge, its report ('' where an earlier piece has brought it), how long its life has lasted in ms, for how much longer than its
--       edge's silence a life is new in ms, 'more' where the rest of the report, or of what it had no room for, is to come, totals kept ms,
--       how long each bucket is kept in ms, then counter, value and how far it was acknowledged, repeated
local edge, report, age, new_for, more, totals_kept = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6]
local EVER, FIRST = #KEYS, #KEYS + 5

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local grown, by = {}, {}
local function add(name, count)
  grown[#grown + 1] = name
  by[#by + 1] = count
end

-- 'met': what it had counted by the time it was met is not all told yet.
local known = redis.call('HMGET', KEYS[2], 'reported', 'met')
local met = known[2]
if not known[1] then
  local seen = tonumber(string.match(redis.call('HGET', KEYS[1], edge) or '', '^(%d+) '))
  if seen then
    add('lost|lives', 1)
    add('lost|upToMs', math.max(0, now - seen - age))
  end
  if age > (seen and now - seen or 0) + new_for then met = '1' end
end
if report ~= '' then
  redis.call('HSET', KEYS[1], edge, int(now) .. ' ' .. report)
  add('reports', 1)
end

local counters, values, before, gauges, most = {}, {}, {}, {}, {}
for i = FIRST, #ARGV - 2, 3 do
  local name, value = ARGV[i], tonumber(ARGV[i + 1])
  if string.sub(name, 1, 6) == 'gauge|' then
    gauges[#gauges + 1] = name
    most[#most + 1] = value
  else
    counters[#counters + 1] = name
    values[#values + 1] = value
    before[#before + 1] = tonumber(ARGV[i + 2])
  end
end

local totals = { 'reported', int(now) }
if #counters > 0 then
  local there = redis.call('HMGET', KEYS[2], unpack(counters))
  for i, name in ipairs(counters) do
    local total = tonumber(there[i])
    local from = total or (met and values[i]) or before[i]
    if values[i] > from then add(name, values[i] - from) end
    if not total or values[i] > total then
      totals[#totals + 1] = name
      totals[#totals + 1] = int(values[i])
    end
  end
end
redis.call('HSET', KEYS[2], unpack(totals))
if more ~= 'more' then redis.call('HDEL', KEYS[2], 'met') elseif met then redis.call('HSET', KEYS[2], 'met', '1') end
redis.call('PEXPIRE', KEYS[2], totals_kept)

local function write(key, names, value)
  if #names == 0 then return end
  local there, fields = redis.call('HMGET', key, unpack(names)), {}
  for i, name in ipairs(names) do
    fields[2 * i - 1] = name
    fields[2 * i] = int(value(tonumber(there[i]), i))
  end
  redis.call('HSET', key, unpack(fields))
end
for b = 3, #KEYS do
  write(KEYS[b], grown, function(there, i) return (there or 0) + by[i] end)
  -- Of all time nobody wants to know how it was at most.
  if b < EVER then write(KEYS[b], gauges, function(there, i) return math.max(there or 0, most[i]) end) end
  redis.call('PEXPIRE', KEYS[b], ARGV[4 + b])
end
return { int(now) }
