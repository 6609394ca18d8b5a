-- Takes a value out that the origin has.
-- KEYS: value.  ARGV: digest of the key
if not redis.call('HGET', KEYS[1], 'dirty') then forget(ARGV[1]) end
return { 'done' }
