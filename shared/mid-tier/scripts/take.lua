-- Takes tokens from all of some buckets or from none: one request to an origin. Buckets fill by Redis TIME.
-- Sent twice it takes twice: a lost reply may waste tokens, and creates none.
-- KEYS: the buckets. ARGV: how long the asker would wait in ms, then of each bucket its rate a second, its burst, the
-- cost and what has to be left to others.
-- Answers `granted` and after how many ms the tokens may be used, or `refused` and in how many ms to ask again.
-- Levels are whole millionths of a token (a rate a second is as many millionths a microsecond), and may be below nought:
-- then tokens are promised ahead.
local WHOLE = 1000000

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = tonumber(t[1]) * WHOLE + tonumber(t[2])
local buckets, wait = {}, 0

for i = 1, #KEYS do
  local first = 2 + (i - 1) * 4
  local rate, burst = tonumber(ARGV[first]), math.floor(tonumber(ARGV[first + 1]) * WHOLE)
  local cost, reserve = math.ceil(tonumber(ARGV[first + 2]) * WHOLE), math.ceil(tonumber(ARGV[first + 3]) * WHOLE)
  local held = redis.call('HMGET', KEYS[i], 'left', 'at')
  local left, at = held[1] and tonumber(held[1]), held[2] and tonumber(held[2])
  -- A bucket that nobody has asked for as long as it takes to fill is forgotten.
  if not left or not at then left, at = burst, now end
  -- A clock that was set back brings nothing, and takes nothing either.
  if now > at then left = left + math.floor((now - at) * rate) end
  if left > burst then left = burst end
  local missing = reserve - (left - cost)
  if missing > 0 then wait = math.max(wait, math.ceil(missing / rate / 1000)) end
  buckets[i] = { rate = rate, burst = burst, cost = cost, left = left, back = now < at }
end

local granted = wait <= tonumber(ARGV[1])
for i, bucket in ipairs(buckets) do
  local left = bucket.left
  if granted then left = left - bucket.cost end
  if granted or bucket.back then
    redis.call('HSET', KEYS[i], 'left', int(left), 'at', int(now))
    redis.call('PEXPIRE', KEYS[i], int(math.ceil((bucket.burst - left) / bucket.rate / 1000) + 1000))
  end
end
return { granted and 'granted' or 'refused', int(wait) }
