-- Which partitions of this database have something due. Counts values that have ended.
-- ARGV: partitions, due for so many ms, values looked at
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
local partitions = {}
for p = 0, tonumber(ARGV[1]) - 1 do partitions[#partitions + 1] = 'tg:j:due:' .. int(p) end
local due = {}
-- Mostly nothing waits anywhere, which one call tells.
if redis.call('EXISTS', unpack(partitions)) == 0 then return due end
for p = 0, tonumber(ARGV[1]) - 1 do
  if redis.call('ZCOUNT', partitions[p + 1], '-inf', int(now - tonumber(ARGV[2]))) > 0 then due[#due + 1] = int(p) end
end
return due
