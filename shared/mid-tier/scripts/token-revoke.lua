-- Takes a token out, and remembers for a while that it was there.
-- KEYS: tokens, last uses, trace of its revocation.  ARGV: id, milliseconds
redis.call('HDEL', KEYS[2], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return { 'absent' } end
redis.call('SET', KEYS[3], '1', 'PX', ARGV[2])
return { 'revoked' }
