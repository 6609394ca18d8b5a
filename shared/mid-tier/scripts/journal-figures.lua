-- What stands in the journal of this database, and which partitions have something due.
-- KEYS: figures, operations, parked.  ARGV: partitions, due for so many ms
local f = redis.call('HMGET', KEYS[1], 'accepted', 'delivered', 'dead', 'dropped', 'merged')
local now = now_ms()
local oldest = redis.call('ZRANGE', KEYS[2], '0', '0', 'WITHSCORES')
local reply = {}
for i = 1, 5 do reply[i] = f[i] or '0' end
reply[6] = int(redis.call('ZCARD', KEYS[2]))
reply[7] = oldest[2] and int(math.max(0, now - tonumber(oldest[2]))) or '0'
for p = 0, tonumber(ARGV[1]) - 1 do
  if redis.call('ZCOUNT', 'tg:j:due:' .. int(p), '-inf', int(now - tonumber(ARGV[2]))) > 0 then
    reply[#reply + 1] = int(p)
  end
end
return reply
