-- Says whether anything of a key still waits for the origin; its value may go where nothing does.
-- KEYS: the key's operations.  ARGV: digest of the key, whether its value is to go
if redis.call('LLEN', KEYS[1]) > 0 then return { 'waits' } end
if ARGV[2] == '1' then forget(ARGV[1]) end
return { 'yes' }
