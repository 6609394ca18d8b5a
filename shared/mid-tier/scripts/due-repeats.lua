-- The invalidations that are due to be appended again.
-- KEYS: repeats by time, their work.  ARGV: most to take
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', '0', ARGV[1])
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
