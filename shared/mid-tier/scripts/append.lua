-- Appends one entry: chained to its predecessor, indexed, audited and given a receipt, all or nothing, once per operation.
-- KEYS: head, entries, index, index order, operation, configuration, receipts, receipt, configuration before,
--       traces of configuration, then of the audit log: records, head, list of before; receipts of its kind
-- ARGV: request digest, payload, kind (invalidate-hard | invalidate-soft | config), detail of the receipt, operation id,
--       highest known epoch, entries kept, selectors kept, operation kept ms, audit records kept, receipts kept,
--       changes of configuration kept, entries to come back with it, replicas asked for, position (epoch, seq) since
--       which the configuration must not have changed (epoch 0 for none), and whether that is all of it (configured) or
--       its sites (sited), the audit record, ms that it is kept, ms that the receipt is, octets of entries, of selectors and
--       of audit records kept, then, for configuration, field and value ('' removes), then the selectors
local digest, payload, kind, detail, operation = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local entries_kept, selectors_kept = tonumber(ARGV[7]), tonumber(ARGV[8])
local entry_octets_kept, selector_octets_kept = tonumber(ARGV[21]), tonumber(ARGV[22])
local FIELD, VALUE = ARGV[24], ARGV[25]
local FIRST_SELECTOR = kind == 'config' and 26 or 24

-- Who asks for fewer replicas than the log itself does may not know of it yet.
local function wants_replicas()
  local configured = redis.call('HGET', KEYS[6], 'log/replicas')
  return math.max(tonumber(ARGV[14]), tonumber(configured or '0') or 1) > 0
end

-- The entries before this one, oldest first, as far as they are small: a push that carries them mends one that was lost.
local MOST_BYTES = 16384
local function reply_with_preceding(reply, seq)
  local found, bytes = {}, 0
  for s = seq - 1, math.max(1, seq - tonumber(ARGV[13])), -1 do
    local entry = redis.call('HGET', ENTRIES, int(s))
    bytes = bytes + #(entry or '')
    if not entry or bytes > MOST_BYTES then break end
    found[#found + 1] = { int(s), entry }
  end
  for i = #found, 1, -1 do
    reply[#reply + 1] = found[i][1]
    reply[#reply + 1] = found[i][2]
  end
  return reply
end

local seen = redis.call('GET', KEYS[5])
if seen then
  local d, epoch, seq, at = string.match(seen, '^(%S+) (%S+) (%S+) (%S+)$')
  if d ~= digest then return { 'conflict' } end
  -- A write, so that a WAIT behind it waits for the replicas to have seen what was appended then.
  redis.call('PEXPIRE', KEYS[5], ARGV[9])
  -- Still in the log, it is pushed again: whoever appended it then may not have lived to push it.
  local now = read_head()
  local entry = now and now.epoch == tonumber(epoch) and redis.call('HGET', ENTRIES, seq)
  if entry and not wants_replicas() then make_durable(now, now.seq, now.hash, KEYS[9]) end
  local told = now and (now.epoch > tonumber(epoch) or now.durable >= tonumber(seq)) and 'told' or 'untold'
  if not entry then return { 'appended', epoch, seq, at, int(now_ms()), '', '', '', told } end
  return reply_with_preceding({ 'appended', epoch, seq, at, int(now_ms()), '', '', entry, told }, tonumber(seq))
end

local head = read_head()
if head then head = with_configuration(head, KEYS[6]) end
local expected_epoch = tonumber(ARGV[15])
if expected_epoch > 0 then
  -- What was worked out from another configuration would name too little.
  -- An older release has noted no sites apart.
  local changed = redis.call('HGET', HEAD, ARGV[17]) or redis.call('HGET', HEAD, 'configured')
  if not head or head.epoch ~= expected_epoch or tonumber(changed or '0') > tonumber(ARGV[16]) then
    return { 'outdated' }
  end
end
head = head or begin_epoch(tonumber(ARGV[6]))
if not index_is_whole(head) then
  -- It begins anew: of what came before, it knows nothing any more.
  head.pruned = head.seq
  begin_count(head)
  redis.call('HSET', INDEX, WHOLE, int(head.epoch))
end
local at = now_ms()
local seq = head.seq + 1
local hash = redis.sha1hex(head.hash .. ' ' .. int(seq) .. ' ' .. int(at) .. ' ' .. payload)
local own_entry = head.hash .. ' ' .. hash .. ' ' .. int(at) .. ' ' .. payload
redis.call('HSET', ENTRIES, int(seq), own_entry)
redis.call('HSET', HEAD, 'seq', int(seq), 'hash', hash)
head.entry_octets = head.entry_octets + #own_entry

-- Clients choose how long the URLs are that they write to: as many entries of those as of others would fill the database.
-- Trimming is bounded work: one entry in, at most two out, and for their octets some more, or as many octets as came in.
local MOST_TRIMMED = 256
local entries_out, octets_out = 0, 0
while head.from < seq do
  local too_many = seq - head.from + 1 > entries_kept and entries_out < 2
  local too_large = head.entry_octets > entry_octets_kept
    and (entries_out < MOST_TRIMMED or octets_out < #own_entry)
  if not (too_many or too_large) then break end
  local octets = #(redis.call('HGET', ENTRIES, int(head.from)) or '')
  redis.call('HDEL', ENTRIES, int(head.from))
  if head.from >= head.counted_from then head.entry_octets = head.entry_octets - octets end
  head.from = head.from + 1
  entries_out, octets_out = entries_out + 1, octets_out + octets
end
if head.from == seq then head.entry_octets = #own_entry end

-- An index value is "hard s1 t1 s2 t2": the last hard seq and two soft marks, the earlier merged to its earliest time.
local function index_selector(selector)
  local hard, s1, t1, s2, t2 = 0, 0, 0, 0, 0
  local value = redis.call('HGET', INDEX, selector)
  if value then
    local a, b, c, d, e = string.match(value, '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
    hard, s1, t1, s2, t2 = tonumber(a), tonumber(b), tonumber(c), tonumber(d), tonumber(e)
    -- Damaged: whatever stood there has hit all that came before.
    if not a then hard, s1, t1, s2, t2 = seq, 0, 0, 0, 0 end
  end
  -- Of one that is new, or was there before anything was counted.
  if math.max(hard, s2) < head.counted_from then head.selector_octets = head.selector_octets + #selector end
  if kind ~= 'invalidate-soft' then
    hard = seq
  elseif s2 == 0 then
    s2, t2 = seq, at
  else
    s1, t1 = s2, (s1 == 0) and t2 or t1
    s2, t2 = seq, at
  end
  redis.call('HSET', INDEX, selector, int(hard) .. ' ' .. int(s1) .. ' ' .. int(t1) .. ' ' .. int(s2) .. ' ' .. int(t2))
  redis.call('ZADD', INDEX_ORDER, int(seq), selector)
end

-- An edge that has not heard of a change goes on as before it, for as long as the rules of before allow.
local untold_change = nil
local function keep_before(field, value)
  local before = redis.call('HGET', KEYS[6], field) or ''
  if before == value then return end
  local place = string.format('%016.0f', seq)
  untold_change = { 'before ' .. place .. ' ' .. field, before }
  redis.call('ZADD', KEYS[9], int(at), int(head.epoch) .. ' ' .. place .. ' ' .. field .. ' ' .. before)
  local excess = redis.call('ZCARD', KEYS[9]) - tonumber(ARGV[12])
  if excess > 0 then
    local gone = redis.call('ZPOPMIN', KEYS[9], int(excess))
    redis.call('HSET', KEYS[10], 'forgotten', gone[#gone])
  end
end

local function trim_receipts(order, kept, most)
  local gone = math.min(redis.call('ZCARD', order) - kept, most)
  if gone <= 0 then return 0 end
  local oldest = redis.call('ZPOPMIN', order, int(gone))
  for i = 1, #oldest, 2 do
    redis.call('DEL', 'tg:receipt:' .. oldest[i])
    redis.call('ZREM', KEYS[7], oldest[i])
  end
  return gone
end

local selectors_in = 0
for i = FIRST_SELECTOR, #ARGV do
  index_selector(ARGV[i])
  selectors_in = selectors_in + #ARGV[i]
end
-- How many went, and their octets.
local function prune(most)
  local oldest, octets = redis.call('ZPOPMIN', INDEX_ORDER, int(most)), 0
  for i = 1, #oldest, 2 do
    local seq_of = tonumber(oldest[i + 1])
    redis.call('HDEL', INDEX, oldest[i])
    head.pruned = math.max(head.pruned, seq_of)
    if seq_of >= head.counted_from then head.selector_octets = head.selector_octets - #oldest[i] end
    octets = octets + #oldest[i]
  end
  return #oldest / 2, octets
end

local MOST_PRUNED = 2048
local excess = redis.call('ZCARD', INDEX_ORDER) - selectors_kept
if excess > 0 then prune(math.min(excess, MOST_PRUNED)) end
local selectors_out, selector_octets_out = 0, 0
while head.selector_octets > selector_octets_kept
  and (selectors_out < MOST_PRUNED or selector_octets_out < selectors_in) do
  local gone, octets = prune(1)
  if gone == 0 then head.selector_octets = 0 end
  selectors_out, selector_octets_out = selectors_out + gone, selector_octets_out + octets
end
local octets = int(head.epoch) .. ' ' .. int(seq) .. ' ' .. int(head.counted_from) .. ' '
  .. int(head.entry_octets) .. ' ' .. int(head.selector_octets)
redis.call('HSET', HEAD, 'from', int(head.from), 'pruned', int(head.pruned), 'octets', octets)

if kind == 'config' then
  keep_before(FIELD, VALUE)
  if VALUE == '' then redis.call('HDEL', KEYS[6], FIELD) else redis.call('HSET', KEYS[6], FIELD, VALUE) end
  redis.call('HSET', HEAD, 'configured', int(seq))
  note_configuration(KEYS[6])
  if string.sub(FIELD, 1, 5) == 'site/' then redis.call('HSET', HEAD, 'sited', int(seq)) end
else
  -- One of before, whose operation was forgotten: this is another.
  redis.call('DEL', KEYS[8])
  redis.call('HSET', KEYS[8], 'epoch', int(head.epoch), 'seq', int(seq), 'at', int(at), 'detail', detail)
  redis.call('ZADD', KEYS[7], int(at), operation)
  redis.call('ZADD', KEYS[14], int(at), operation)
  redis.call('PEXPIRE', KEYS[8], ARGV[20])
  -- Bounded work too, one in, two out. Of a release that kept no order apart there may be more.
  local kept = tonumber(ARGV[11])
  local gone = trim_receipts(KEYS[14], kept, 2)
  if gone < 2 then trim_receipts(KEYS[7], 2 * kept, 2 - gone) end
end

-- What a replica may lack is told to nobody: another entry could take its place.
local told = not wants_replicas()
if told then
  make_durable(head, seq, hash, KEYS[9])
else
  redis.call('HSET', HEAD, 'durable', int(head.durable), 'durable-hash', head.durable_hash)
  if untold_change then redis.call('HSET', HEAD, untold_change[1], untold_change[2]) end
end

append_audit(11, at, int(head.epoch) .. '-' .. int(seq), ARGV[18],
  { records = tonumber(ARGV[10]), octets = tonumber(ARGV[23]), age = tonumber(ARGV[19]) })

redis.call('SET', KEYS[5], digest .. ' ' .. int(head.epoch) .. ' ' .. int(seq) .. ' ' .. int(at), 'PX', ARGV[9])
local reply = { 'appended', int(head.epoch), int(seq), int(at), int(at), head.hash, hash, '', told and 'told' or 'untold' }
return reply_with_preceding(reply, seq)
