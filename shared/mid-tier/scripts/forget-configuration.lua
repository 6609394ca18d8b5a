-- Forgets changes of configuration by which no edge lives any more, and keeps what has to be remembered of them.
-- KEYS: configuration before, traces of configuration.  ARGV: up to when, then name and time of each trace
for i = 2, #ARGV - 1, 2 do
  local there = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or '0')
  if tonumber(ARGV[i + 1]) > there then redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
return { 'forgotten' }
