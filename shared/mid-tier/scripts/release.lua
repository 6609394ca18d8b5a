-- Gives a lease back without an answer; where the key can't be shared, or its origin fails, leaves a marker so that
-- nobody waits for it.
-- KEYS: lease, shard.  ARGV: token, marker ms (0 = none), marker (uncacheable | large | validated | failing), map, life
local held = redis.call('GET', KEYS[1])
-- A marker is nobody's: whoever comes late neither takes it away nor puts another in its place.
if held and string.match(held, '^(%S+)') ~= ARGV[1] then return { 'other' } end
if tonumber(ARGV[2]) > 0 and not is_outdated() then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
else
  redis.call('DEL', KEYS[1])
end
return { 'released' }
