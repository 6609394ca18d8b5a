-- What stands in the journal of this database, and which partitions have something due. Counts values that have ended.
-- KEYS: figures, operations.  ARGV: partitions, due for so many ms, values looked at
local now = now_ms()
for _, digest in ipairs(redis.call('ZRANGEBYSCORE', VALUES, '-inf', int(now), 'LIMIT', '0', ARGV[3])) do
  local left = redis.call('PTTL', 'tg:jv:' .. digest)
  if left == -2 then
    forget(digest)
    redis.call('HINCRBY', SUMS, 'ended', '1')
  else
    redis.call('ZADD', VALUES, int(now + math.max(left, 1000)), digest)
  end
end
local f = redis.call('HMGET', KEYS[1], 'accepted', 'delivered', 'dead', 'dropped', 'merged', 'ended', 'evicted',
  'octets')
local oldest = redis.call('ZRANGE', KEYS[2], '0', '0', 'WITHSCORES')
local reply = {}
for i = 1, 8 do reply[i] = f[i] or '0' end
reply[9] = int(redis.call('HLEN', SIZES))
reply[10] = int(redis.call('ZCARD', KEYS[2]))
reply[11] = oldest[2] and int(math.max(0, now - tonumber(oldest[2]))) or '0'
for p = 0, tonumber(ARGV[1]) - 1 do
  if redis.call('ZCOUNT', 'tg:j:due:' .. int(p), '-inf', int(now - tonumber(ARGV[2]))) > 0 then
    reply[#reply + 1] = int(p)
  end
end
return reply
