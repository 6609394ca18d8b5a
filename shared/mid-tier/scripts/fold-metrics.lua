-- Takes in edges' reports: who they are and where they stand, and what their counters have grown by since the last ones.
-- Counters are cumulative within one life of an isolate ("boot"), so a report that comes twice, or late, adds nothing.
-- The first report of a life says what the one before it may have counted and told nobody: all since its last report,
-- until the new one began.
-- KEYS: edges, buckets of time, finest first, then the totals of each report's edge and boot
-- ARGV: totals kept ms, number of buckets, how long each is kept in ms, then of each report its edge, itself, how long its
--       life has lasted in ms, number of counters, and counter and value, repeated
local totals_kept, buckets = ARGV[1], tonumber(ARGV[2])
-- Fields and values in one call: more than that unpack does not take.
local AT_ONCE = 1000

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = int(tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))

local function set(key, words)
  for from = 1, #words, AT_ONCE do
    redis.call('HSET', key, unpack(words, from, math.min(from + AT_ONCE - 1, #words)))
  end
end

local names, grown, greatest = {}, {}, {}
local function note(name)
  if not grown[name] and not greatest[name] then names[#names + 1] = name end
end
local function add(name, by)
  note(name)
  grown[name] = (grown[name] or 0) + by
end

-- What a life has counted so far; none where this is its first report.
local function read_totals(key)
  local words, found = redis.call('HGETALL', key), {}
  for i = 1, #words, 2 do found[words[i]] = tonumber(words[i + 1]) end
  return found, #words > 0
end

local sightings = {}
local at = 3 + buckets
for k = 2 + buckets, #KEYS do
  local edge, report, age, last = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), at + 3 + 2 * tonumber(ARGV[at + 3])
  local totals, known = read_totals(KEYS[k])
  if not known then
    local before = tonumber(string.match(redis.call('HGET', KEYS[1], edge) or '', '^(%d+) '))
    if before then
      add('lost|lives', 1)
      add('lost|upToMs', math.max(0, tonumber(now) - before - age))
    end
  end
  sightings[#sightings + 1], sightings[#sightings + 2] = edge, now .. ' ' .. report
  add('reports', 1)
  local told = { 'reported', now }
  for i = at + 4, last, 2 do
    local name, value = ARGV[i], tonumber(ARGV[i + 1])
    if string.sub(name, 1, 6) == 'gauge|' then
      note(name)
      greatest[name] = math.max(greatest[name] or value, value)
    elseif value > (totals[name] or 0) then
      add(name, value - (totals[name] or 0))
      told[#told + 1], told[#told + 2] = name, int(value)
    end
  end
  set(KEYS[k], told)
  redis.call('PEXPIRE', KEYS[k], totals_kept)
  at = last + 1
end
set(KEYS[1], sightings)

for b = 1, buckets do
  local key, words, begins = KEYS[1 + b], {}, false
  for from = 1, #names, AT_ONCE do
    local some = { unpack(names, from, math.min(from + AT_ONCE - 1, #names)) }
    for i, there in ipairs(redis.call('HMGET', key, unpack(some))) do
      local name, before = some[i], tonumber(there or '')
      begins = begins or (name == 'reports' and not before)
      local value = grown[name] and (before or 0) + grown[name] or math.max(before or -1, greatest[name])
      if value ~= before then words[#words + 1], words[#words + 2] = name, int(value) end
    end
  end
  set(key, words)
  -- A bucket of time is kept from its first report on, that of all time from its last one.
  if begins or b == buckets then redis.call('PEXPIRE', key, ARGV[2 + b]) end
end
return { now }
