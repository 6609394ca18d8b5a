-- Keeps a new token, once: what is sent again finds the first one, or that it was revoked meanwhile.
-- KEYS: tokens, trace of this one's revocation.  ARGV: id, record, most tokens
local there = redis.call('HGET', KEYS[1], ARGV[1])
if there then return { 'exists', there } end
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'revoked' } end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return { 'full' } end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return { 'created', ARGV[2] }
