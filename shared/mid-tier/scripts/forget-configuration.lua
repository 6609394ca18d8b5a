-- Forgets changes of configuration by which no edge lives any more.
-- KEYS: configuration before.  ARGV: up to when
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
return { 'forgotten' }
