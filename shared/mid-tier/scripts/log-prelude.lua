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

-- What was before each change of configuration that nobody is told of yet: fields of the head, by sequence number.
local function untold_changes()
  local found = {}
  for _, name in ipairs(redis.call('HKEYS', HEAD)) do
    local seq, field = string.match(name, '^before (%d+) (.*)$')
    if seq then found[#found + 1] = { name = name, place = seq, seq = tonumber(seq), field = field } end
  end
  return found
end

-- How many fields the configuration was left with; nil where nobody has noted it.
-- By the change that left it so: a release that notes nothing may have made the next one.
local function noted_fields()
  local noted = redis.call('HMGET', HEAD, 'fields', 'configured')
  local configured, fields = string.match(noted[1] or '', '^(%d+) (%d+)$')
  return configured == noted[2] and fields or nil
end

-- An epoch is a time, so that a log that lost everything still comes after what it lost.
local function begin_epoch(highest_known)
  local epoch = math.max(now_ms(), highest_known + 1)
  local hash = redis.sha1hex('epoch ' .. int(epoch))
  redis.call('DEL', ENTRIES, INDEX, INDEX_ORDER)
  redis.call('HSET', INDEX, WHOLE, int(epoch))
  -- The configuration is what it is: whoever begins with this epoch is told all of it.
  for _, change in ipairs(untold_changes()) do redis.call('HDEL', HEAD, change.name) end
  -- So is what it was left with: its loss alone shows in this epoch as in the last one.
  local fields = noted_fields()
  if fields then redis.call('HSET', HEAD, 'fields', '0 ' .. fields) else redis.call('HDEL', HEAD, 'fields') end
  redis.call('HSET', HEAD, 'epoch', int(epoch), 'seq', '0', 'hash', hash, 'from', '1', 'pruned', '0',
    'durable', '0', 'durable-hash', hash, 'configured', '0', 'sited', '0', 'room', '1')
  return { epoch = epoch, seq = 0, hash = hash, from = 1, pruned = 0, durable = 0, durable_hash = hash, room = '1',
    counted_from = 1, entry_octets = 0, selector_octets = 0 }
end

-- Octets of the entries, and of the index's selectors, from a first entry on. A release that counts none may have appended
-- since it was noted, and been the last to touch a selector: then they are counted from the next entry on.
local function begin_count(head)
  head.counted_from, head.entry_octets, head.selector_octets = head.seq + 1, 0, 0
end

local function read_count(head, text)
  local epoch, seq, from, entries, selectors = string.match(text or '', '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  if tonumber(epoch) ~= head.epoch or tonumber(seq) ~= head.seq then return begin_count(head) end
  head.counted_from, head.entry_octets, head.selector_octets = tonumber(from), tonumber(entries), tonumber(selectors)
end

local function read_head()
  local h = redis.call('HMGET', HEAD, 'epoch', 'seq', 'hash', 'from', 'pruned', 'durable', 'durable-hash', 'room',
    'octets')
  if not h[1] then return nil end
  local head = { epoch = tonumber(h[1]), seq = tonumber(h[2]), hash = h[3], from = tonumber(h[4]), pruned = tonumber(h[5]),
    durable = tonumber(h[6] or h[2]), durable_hash = h[7] or h[3], room = h[8] }
  read_count(head, h[9])
  return head
end

-- False from when a write found no room to be told in until there is room again: the log then lacks what has happened, and
-- nobody's view is proven young by it. Whose write it is takes the mark away, which needs no room. To put it back does: so
-- a full database refuses it. One that refuses more (its disk fails, it lacks replicas or is one) keeps the mark whatever is
-- written: it is told by a deletion of nothing, of which neither file nor replica hears. That comes first only where the mark
-- stands: behind any write, a script's others find room in a full database.
local function is_told_all(head)
  if head.room then return type(redis.pcall('HDEL', HEAD, '')) == 'number' end
  local put = redis.pcall('HSET', HEAD, 'room', '1')
  return type(put) == 'number'
end

-- Nil where the log holds neither the entry nor the one after it.
local function hash_at(head, seq)
  if seq == head.seq then return head.hash end
  if seq == head.durable then return head.durable_hash end
  local next_entry = redis.call('HGET', ENTRIES, int(seq + 1))
  return next_entry and string.match(next_entry, '^(%S+) ') or nil
end

-- From now on the log tells of all up to an entry.
local function make_durable(head, seq, hash, configuration_before)
  if head.seq > head.durable then
    -- Until now edges could go on as if there were nothing to tell, by the configuration as it was before.
    local now = int(now_ms())
    redis.call('HSET', HEAD, 'confirmed', now)
    for _, change in ipairs(untold_changes()) do
      local before = change.place .. ' ' .. change.field .. ' ' .. redis.call('HGET', HEAD, change.name)
      redis.call('ZADD', configuration_before, now, int(head.epoch) .. ' ' .. before)
      if change.seq <= seq then redis.call('HDEL', HEAD, change.name) end
    end
  end
  head.durable, head.durable_hash = seq, hash
  redis.call('HSET', HEAD, 'durable', int(seq), 'durable-hash', hash)
end

-- Lost apart from the log, it would be taken for one that was never made: purges would be named by what is left of it, and
-- miss what edges have stored by it. Where it has fewer fields than it was left with, an epoch begins.
local function note_configuration(configuration)
  local configured = redis.call('HGET', HEAD, 'configured')
  redis.call('HSET', HEAD, 'fields', configured .. ' ' .. int(redis.call('HLEN', configuration)))
end

local function with_configuration(head, configuration)
  if tonumber(noted_fields() or '0') <= redis.call('HLEN', configuration) then return head end
  local anew = begin_epoch(head.epoch)
  note_configuration(configuration)
  return anew
end

local function index_is_whole(head)
  return redis.call('HGET', INDEX, WHOLE) == int(head.epoch)
end
