-- Notes what edges have counted of keys, and when what they hold of them expires; what is asked for least gives way.
-- A rate is kept as log2(requests that count, each half after a half-life) + now / half-life: that stays the same while
-- requests grow old, so nothing has to be touched for it, and ranks are right at any time. What brings a key here for
-- the first time says nothing of how often it is asked for: it only begins the count.
-- KEYS: keys by when they are looked at (as a rule when they expire), by their rates, and what is known of them: what the
--       fetch took, their life, when they expire, since when they are counted
-- ARGV: half-life in ms, most keys, how long all of it is kept in ms, then of each key its id, requests, and of the answer
--       ms left ('' where none is known), what its fetch took, and its life
local half_life, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local NEXT_TO_NONE = 0.000001
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function int(n)
  return string.format('%.0f', n)
end

for i = 4, #ARGV - 4, 5 do
  local id, requests, left = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local rate = tonumber(redis.call('ZSCORE', KEYS[2], id) or '')
  local ends, begun = string.match(redis.call('HGET', KEYS[3], id) or '', '(%d+) (%d+)$')
  ends, begun = tonumber(ends or '-1'), tonumber(begun or '-1')
  local before = rate and 2 ^ (rate - now / half_life) or 0
  -- After a silence that has outlived its count a key begins anew.
  local known = rate and begun >= 0 and (before >= 0.5 or now - begun < half_life)
  if known or left then
    if not known then begun = now end
    local counts = known and before + requests or NEXT_TO_NONE
    redis.call('ZADD', KEYS[2], string.format('%.17g', math.log(counts) / math.log(2) + now / half_life), id)
  end
  -- What one edge holds may be older than what another has fetched since.
  if left and now + left > ends then
    redis.call('ZADD', KEYS[1], int(now + left), id)
    redis.call('HSET', KEYS[3], id, table.concat({ ARGV[i + 3], ARGV[i + 4], int(now + left), int(begun) }, ' '))
  end
end

local over = redis.call('ZCARD', KEYS[2]) - most
if over > 0 then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], '0', int(over - 1))) do
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
  end
end
for k = 1, 3 do redis.call('PEXPIRE', KEYS[k], ARGV[3]) end
return { 'noted' }
