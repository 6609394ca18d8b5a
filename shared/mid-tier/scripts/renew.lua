-- Keeps the lease of a holder who is still fetching.
-- KEYS: lease, shard.  ARGV: token, lease ms, map, life
local held = redis.pcall('GET', KEYS[1])
-- Expired and granted to another, or taken over by whoever knows of an invalidation since: it is not taken back.
if type(held) ~= 'string' or string.match(held, '^(%S+) ') ~= ARGV[1] then return { 'lost' } end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 'renewed' }
