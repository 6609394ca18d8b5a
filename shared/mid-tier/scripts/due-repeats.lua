-- The invalidations that are due to be appended again. Asked for as long as any waits: when it was asked last shows where
-- the clock has been set back since, and what waits would have to wait for as long as that besides.
-- KEYS: repeats by time, their work.  ARGV: most to take
local LOOKED_AT = '/looked-at'
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local function int(n)
  return string.format('%.0f', n)
end

local back = math.max(0, tonumber(redis.call('HGET', KEYS[2], LOOKED_AT) or '0') - now)
if back > 0 then
  local waiting = redis.call('ZRANGE', KEYS[1], '0', '-1', 'WITHSCORES')
  for i = 1, #waiting, 2 do redis.call('ZADD', KEYS[1], int(tonumber(waiting[i + 1]) - back), waiting[i]) end
end
redis.call('HSET', KEYS[2], LOOKED_AT, int(now))
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', '0', ARGV[1])
local reply = {}
for _, id in ipairs(ids) do
  local work = redis.call('HGET', KEYS[2], id)
  if work then
    reply[#reply + 1] = id
    reply[#reply + 1] = work
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return reply
