-- What stands in the journal of this database. What waits is counted as it comes and goes: that it accounts for what was
-- accepted and is not gone is no definition.
-- KEYS: figures, operations
local f = redis.call('HMGET', KEYS[1], 'accepted', 'delivered', 'pending', 'dead', 'dropped', 'merged', 'ended',
  'evicted', 'octets')
local oldest = redis.call('ZRANGE', KEYS[2], '0', '0', 'WITHSCORES')
local reply = {}
for i = 1, 9 do reply[i] = f[i] or '0' end
reply[10] = int(redis.call('HLEN', SIZES))
reply[11] = int(redis.call('ZCARD', KEYS[2]))
reply[12] = oldest[2] and int(math.max(0, now_ms() - tonumber(oldest[2]))) or '0'
return reply
