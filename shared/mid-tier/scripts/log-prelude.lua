-- Shared by the scripts of the log: its head, its beginning, and the order of positions.
local HEAD, ENTRIES, INDEX, INDEX_ORDER = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function int(n)
  return string.format('%.0f', n)
end

-- Stands in the index, with its epoch, for as long as that is whole. It is no selector: those hold a space.
local WHOLE = 'whole'

-- An epoch is a time, so that a log that lost everything still comes after what it lost.
local function begin_epoch(highest_known)
  local epoch = math.max(now_ms(), highest_known + 1)
  local hash = redis.sha1hex('epoch ' .. int(epoch))
  redis.call('DEL', ENTRIES, INDEX, INDEX_ORDER)
  redis.call('HSET', INDEX, WHOLE, int(epoch))
  redis.call('HSET', HEAD, 'epoch', int(epoch), 'seq', '0', 'hash', hash, 'from', '1', 'pruned', '0')
  return { epoch = epoch, seq = 0, hash = hash, from = 1, pruned = 0 }
end

local function read_head()
  local h = redis.call('HMGET', HEAD, 'epoch', 'seq', 'hash', 'from', 'pruned')
  if not h[1] then return nil end
  return { epoch = tonumber(h[1]), seq = tonumber(h[2]), hash = h[3], from = tonumber(h[4]), pruned = tonumber(h[5]) }
end

local function index_is_whole(head)
  return redis.call('HGET', INDEX, WHOLE) == int(head.epoch)
end
