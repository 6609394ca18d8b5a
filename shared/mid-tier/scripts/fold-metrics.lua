-- Takes in edges' reports, or pieces of them: who they are and where they stand, and what their counters have grown by since the last ones.
-- Counters are cumulative within one life of an isolate ("boot"), so a report that comes twice, or late, adds nothing. Edges
-- tell those that have changed, each with how far it was acknowledged: where its total is not known, it counts from there.
-- The first report of a life says what the one before it may have counted and told nobody: all since its last report,
-- until the new one began. Of a life that had begun long before, what it has counted by now is nobody's: it was taken in and
-- got lost, or was counted while nobody asked.
-- KEYS: edges, buckets of time, finest first, the last one of all time, then the totals of each report's edge and boot
-- ARGV: totals kept ms, for how much longer than its edge's silence a life is new in ms, number of buckets, how long each is kept
--       in ms, then of each report its edge, itself ('' where an earlier piece has brought it), how long its life has lasted in ms,
--       'more' where the rest of it, or of what it had no room for, is to come, number of counters, and counter, value and how
--       far it was acknowledged, repeated. No more counters in all than unpack takes.
local totals_kept, new_for, buckets = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local names, grown = {}, {}
local function add(name, by)
  if not grown[name] then names[#names + 1] = name end
  grown[name] = (grown[name] or 0) + by
end
local gauges, most = {}, {}
local function note(name, value)
  if not most[name] then gauges[#gauges + 1] = name end
  most[name] = math.max(most[name] or 0, value)
end

local function fold(key, counters, values, before, met)
  local told = { 'reported', int(now) }
  if #counters > 0 then
    for i, there in ipairs(redis.call('HMGET', key, unpack(counters))) do
      local total = tonumber(there or '')
      local from = total or (met and values[i]) or before[i]
      if values[i] > from then add(counters[i], values[i] - from) end
      if not total or values[i] > total then told[#told + 1], told[#told + 2] = counters[i], int(values[i]) end
    end
  end
  redis.call('HSET', key, unpack(told))
  redis.call('PEXPIRE', key, totals_kept)
end

local at = 4 + buckets
for k = 2 + buckets, #KEYS do
  local edge, report, age, more, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3], tonumber(ARGV[at + 4])
  -- 'met': what it had counted by the time it was met is not all told yet.
  local known = redis.call('HMGET', KEYS[k], 'reported', 'met')
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
  local counters, values, before = {}, {}, {}
  for i = at + 5, at + 2 + 3 * count, 3 do
    local name, value = ARGV[i], tonumber(ARGV[i + 1])
    if string.sub(name, 1, 6) == 'gauge|' then
      note(name, value)
    else
      counters[#counters + 1], values[#values + 1], before[#before + 1] = name, value, tonumber(ARGV[i + 2])
    end
  end
  fold(KEYS[k], counters, values, before, met)
  if met and more == 'more' then redis.call('HSET', KEYS[k], 'met', '1') elseif known[2] then redis.call('HDEL', KEYS[k], 'met') end
  at = at + 5 + 3 * count
end

local function write(key, fields, value)
  if #fields == 0 then return end
  local words = {}
  for i, there in ipairs(redis.call('HMGET', key, unpack(fields))) do
    words[2 * i - 1] = fields[i]
    words[2 * i] = int(value(fields[i], tonumber(there or '') or 0))
  end
  redis.call('HSET', key, unpack(words))
end
for b = 1, buckets do
  local key = KEYS[1 + b]
  local begins = redis.call('EXISTS', key) == 0
  write(key, names, function(name, there) return there + grown[name] end)
  -- Of all time nobody wants to know how it was at most.
  if b < buckets then write(key, gauges, function(name, there) return math.max(there, most[name]) end) end
  -- A bucket of time is kept from when it began, that of all time from its last report on.
  if begins or b == buckets then redis.call('PEXPIRE', key, ARGV[3 + b]) end
end
return { int(now) }
