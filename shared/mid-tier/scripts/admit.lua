-- Begins a new life of a shard under a map that is about to be appended, unless a later map is known here already.
-- KEYS: shard.  ARGV: id, map
local known = tonumber(redis.call('HGET', KEYS[1], 'map') or '0')
local map = tonumber(ARGV[2])
if map < known then return { 'outdated', string.format('%.0f', known) } end
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'map', ARGV[2], 'life', ARGV[2], 'since', now)
return { 'admitted' }
