-- Keeps batches of requests for those who watch, the newest only, and for no longer than anybody would miss them.
-- KEYS: the batches, their count
-- ARGV: how long they are kept in ms, most batches, then each batch
for i = 3, #ARGV do
  local count = string.format('%.0f', redis.call('INCR', KEYS[2]))
  redis.call('ZADD', KEYS[1], count, count .. ' ' .. ARGV[i])
end
local surplus = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
if surplus > 0 then
  for _, batch in ipairs(redis.call('ZRANGE', KEYS[1], '0', string.format('%.0f', surplus - 1))) do
    redis.call('ZREM', KEYS[1], batch)
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return { 'kept' }
