-- Shared by the scripts of the shards: whether this database still is the shard that the caller's map means.
-- The last of KEYS: what the shard knows of itself.  The last two of ARGV: the map's version (0 = no map is known), and
-- the life that the map gives to this shard.
local SHARD = KEYS[#KEYS]
local MAP, LIFE = tonumber(ARGV[#ARGV - 1]), ARGV[#ARGV]

-- A database that was emptied, or that was away while others held its keys, has nothing to say under this name before
-- it is admitted to a new life.
local function is_stranger()
  return MAP > 0 and redis.call('HGET', SHARD, 'life') ~= LIFE
end

-- By an older map the caller may take for this shard's key what others hold by now: it changes nothing here.
local function is_outdated()
  if MAP == 0 then return false end
  local known = tonumber(redis.call('HGET', SHARD, 'map') or '0')
  if MAP > known then redis.call('HSET', SHARD, 'map', int(MAP), 'since', int(now_ms())) end
  return MAP < known
end
