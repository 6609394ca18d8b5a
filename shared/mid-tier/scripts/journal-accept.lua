-- Takes a write: its value, and the operation that is to bring it to the origin, or neither. The acknowledgement says
-- that both are here.
-- KEYS: value, the key's operations, this operation, due, operations, figures, what is known of the request, parked
-- ARGV: id, digest of the key, entity tag, the value's record, body, seal, its life without use in ms, put or delete,
-- site, method, URL, fields for the origin, whether it may take the place of one that is not on its way, operations at
-- most, of one key at most, If-Match and If-None-Match ('' = none, '*', or tags between newlines), digest of a request
-- that may be repeated ('' = it may not), for how many ms that is known, partition, octets that
-- values may take, for how many ms an operation is claimed
local VALUE, QUEUE, OP, DUE, OPS, FIGURES, REQUEST = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local PARKED = KEYS[8]
local id, digest, etag, kind = ARGV[1], ARGV[2], ARGV[3], ARGV[8]
local if_match, if_none_match, request = ARGV[16], ARGV[17], ARGV[18]

local pending = redis.call('ZCARD', OPS)
if request ~= '' then
  local known = redis.call('HMGET', REQUEST, 'request', 'id', 'etag')
  if known[1] and known[1] ~= request then return { 'conflict' } end
  if known[1] then
    -- A write of this connection's own, for WAIT to count from: without one it counts every replica that there is.
    redis.call('PEXPIRE', REQUEST, ARGV[19])
    return { 'accepted', known[2], known[3] }
  end
end

local v = redis.call('HMGET', VALUE, 'e', 'gone', 've', 'vs')
local waits = redis.call('LLEN', QUEUE)
if if_match ~= '' or if_none_match ~= '' then
  -- What is not here the origin alone can compare with.
  if not v[1] or waits_for_decision(digest) then return { 'unknown' } end
  local current = not v[2] and v[1] or nil
  local function names(tags)
    if tags == '*' then return current ~= nil end
    return current ~= nil and string.find(tags, '\n' .. current .. '\n', 1, true) ~= nil
  end
  if if_match ~= '' and not names(if_match) then return { 'failed', current or '' } end
  if if_none_match ~= '' and names(if_none_match) then return { 'failed', current or '' } end
end

local merges, replaced, older = false, nil, older_until()
-- When it was found of what is replaced.
local found = 0
-- All that waits of the key, if it begins with what is of an older copy, nothing of that was refused, is brought to the
-- origin right now, or was decided about, and what was written since has not been sent. The origin may have it or not: what
-- replaces the whole value takes the place of all of that, of deletions too.
local function replaceable()
  local ids, of_copy = redis.call('LRANGE', QUEUE, '0', '-1'), true
  for i, one in ipairs(ids) do
    local o = redis.call('HMGET', 'tg:jo:' .. one, 'at', 'refused', 'older', 'fence', 'done', 'decided', 'lost', 'sent')
    of_copy = of_copy and is_older(o[1], o[3], older)
    local stands = o[8]
    if of_copy then stands = o[2] and not o[3] or o[4] or o[5] or tonumber(o[6] or '0') > older end
    if stands or i == 1 and not of_copy then return nil end
    found = math.max(found, tonumber(o[7] or '0'))
  end
  return ids
end

local tail = waits > 0 and redis.call('LINDEX', QUEUE, '-1') or nil
if tail and ARGV[13] == '1' and kind == 'put' then
  replaced = replaceable()
  local t = redis.call('HMGET', 'tg:jo:' .. tail, 'sent', 'kind', 'me', 'at', 'older')
  local is_unsent = not t[1] and not is_older(t[4], t[5], older)
  merges = not replaced and is_unsent and t[2] == 'put' and t[3] == ARGV[10]
end
if not merges and not replaced then
  if pending >= tonumber(ARGV[14]) then return { waits > 0 and 'full' or 'through' } end
  if waits >= tonumber(ARGV[15]) then return { 'full' } end
end

-- Those give way whose end is next, as long as the origin has them.
local at = now_ms()
local value_octets = ENTRY + #ARGV[4] + #ARGV[5]
local operation_octets, most = value_octets + #ARGV[11] + #ARGV[12], tonumber(ARGV[21])
local function over()
  local own = tonumber(redis.call('HGET', SIZES, digest) or '0')
  local sum = tonumber(redis.call('HGET', SUMS, 'octets') or '0')
  return sum - own + value_octets + operation_octets > most
end
if over() then
  for _, other in ipairs(redis.call('ZRANGE', VALUES, '0', '63')) do
    if not over() then break end
    if other ~= digest then
      forget(other)
      redis.call('HINCRBY', SUMS, 'evicted', '1')
    end
  end
  if over() then return { waits > 0 and 'full' or 'through' } end
end

local now, written_at = int(at), younger(at, older)
local writes = 1
for _, one in ipairs(replaced or {}) do
  local other = 'tg:jo:' .. one
  local o = redis.call('HMGET', other, 'n', 'dead')
  if o[2] then move('dead', 'pending', o[1]) end
  writes = writes + tonumber(o[1])
  end_operation(other)
  redis.call('ZREM', OPS, one)
  redis.call('ZREM', PARKED, one)
end
if replaced then
  redis.call('DEL', QUEUE)
  redis.call('HINCRBY', FIGURES, 'merged', '1')
  waits = 0
end
local op = merges and tail or id
local name = merges and 'tg:jo:' .. tail or OP
redis.call('HSET', name, 'e', etag, 'm', ARGV[4], 'b', ARGV[5], 'd', ARGV[6], 'r', ARGV[12], 'u', ARGV[11], 'i', id)
if merges then
  redis.call('HINCRBY', name, 'n', '1')
  redis.call('HSET', name, 'at', written_at)
  redis.call('HINCRBY', FIGURES, 'merged', '1')
else
  redis.call('HSET', name, 'k', digest, 'p', ARGV[20], 's', ARGV[9], 'me', ARGV[10], 'kind', kind, 'at',
    written_at, 'n', int(writes), 'tries', '0')
  -- Where the log was told of what was delivered before it.
  if v[3] then redis.call('HSET', name, 've', v[3], 'vs', v[4]) end
  redis.call('RPUSH', QUEUE, id)
  redis.call('ZADD', OPS, written_at, id)
  -- The origin may have had what it has replaced.
  if replaced then redis.call('HSET', name, 'had', '1') end
  -- What it has replaced may be on its way by a claim that was lost with the rest, and must not come after it.
  found = math.max(found, tonumber(replaced and redis.call('HGET', FIGURES, 'older_found') or '0'))
  local due = replaced and int(math.max(at, found + tonumber(ARGV[22]))) or now
  if waits == 0 then redis.call('ZADD', DUE, due, digest) end
end
redis.call('HINCRBY', FIGURES, 'pending', '1')
redis.call('HSET', FIGURES, 'last', id)
redis.call('DEL', VALUE)
redis.call('HSET', VALUE, 'e', etag, 'm', ARGV[4], 'b', ARGV[5], 'd', ARGV[6], 'at', now, 'ttl', ARGV[7], 'o', op,
  'dirty', '1', 'n', int(redis.call('HINCRBY', FIGURES, 'accepted', '1')))
charge(digest, value_octets)
charge_operation(name, operation_octets)
redis.call('ZREM', VALUES, digest)
if kind == 'delete' then redis.call('HSET', VALUE, 'gone', '1') end
if request ~= '' then
  redis.call('HSET', REQUEST, 'request', request, 'id', op, 'etag', etag)
  redis.call('PEXPIRE', REQUEST, ARGV[19])
end
return { 'accepted', op, etag }
