-- Replaces a whole hash at once, so that no reader meets half of it.
-- KEYS: hash.  ARGV: field and value, as many as there are
redis.call('DEL', KEYS[1])
for i = 1, #ARGV - 1, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return { 'replaced' }
