-- Shared by the scripts of the shards: whether this database still is the shard that the caller's map means.
-- The last of KEYS: what the shard knows of itself.  The last two of ARGV: the map's version (0 = no map is known), and
-- the life that the map gives to this shard.
local SHARD = KEYS[#KEYS]
local MAP, LIFE = tonumber(ARGV[#ARGV - 1]), ARGV[#ARGV]

-- What this database knows of itself, read when it is asked for and once a call: its life, the latest map that it has heard
-- of, and since when.
local itself = nil
local function about_itself()
  itself = itself or redis.call('HMGET', SHARD, 'life', 'map', 'since')
  return itself
end

-- A database that was emptied, or that was away while others held its keys, has nothing to say under this name before
-- it is admitted to a new life.
local function is_stranger()
  return MAP > 0 and about_itself()[1] ~= LIFE
end

-- By an older map the caller may take for this shard's key what others hold by now: it changes nothing here.
local function is_outdated()
  if MAP == 0 then return false end
  local about = about_itself()
  local known = tonumber(about[2] or '0')
  if MAP > known then
    about[2], about[3] = int(MAP), int(now_ms())
    redis.call('HSET', SHARD, 'map', about[2], 'since', about[3])
  end
  return MAP < known
end
