-- Finds the receipts appended since the last look, counts them, and names the open ones.
-- KEYS: receipts, open receipts, how far was looked, then buckets of time
-- ARGV: most to find, most to name from either end, most to keep open, number of buckets, how long each is kept in ms
local most, named, kept_open, buckets = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local from = redis.call('GET', KEYS[3]) or '0'
-- This millisecond may bring more of the same score: it is left to the next look.
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. from, '(' .. int(now), 'WITHSCORES', 'LIMIT', '0', int(most))
local taken = #found / 2
if taken == most then
  -- Cut off: what shares the last one's score comes whole with the next look, unless all share it.
  local last = found[#found]
  local kept = taken
  while kept > 0 and found[2 * kept] == last do kept = kept - 1 end
  if kept > 0 then taken = kept end
end
for i = 1, taken do
  redis.call('ZADD', KEYS[2], found[2 * i], found[2 * i - 1])
  redis.call('SET', KEYS[3], found[2 * i])
end
if taken > 0 then
  for b = 1, buckets do
    redis.call('HINCRBY', KEYS[3 + b], 'invalidations|accepted', int(taken))
    redis.call('PEXPIRE', KEYS[3 + b], ARGV[4 + b])
  end
end
redis.call('ZREMRANGEBYRANK', KEYS[2], '0', int(-kept_open - 1))
-- The oldest and the newest: neither may wait behind what an edge that is away keeps open.
local reply, seen = {}, {}
for _, command in ipairs({ 'ZRANGE', 'ZREVRANGE' }) do
  for _, id in ipairs(redis.call(command, KEYS[2], '0', int(named - 1))) do
    if not seen[id] then reply[#reply + 1] = id end
    seen[id] = true
  end
end
return reply
