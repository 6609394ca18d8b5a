-- Takes back an experiment that nobody has begun to run.
-- KEYS: its report, the one that runs, all experiments.  ARGV: id
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return { 'forgotten' }
