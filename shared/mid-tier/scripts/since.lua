-- The entries after a position, and the head, as far as they are durable. A position that is not part of this log begins
-- a new epoch if it is ahead of the log or contradicts it: something was lost or forked, and nothing older may be trusted.
-- It is not flagged read-only, so no lagging replica ever answers it.
-- KEYS: head, entries, index, index order.  ARGV: epoch, seq, hash, limit, then of what is held beyond a gap: seq, hash
local epoch, seq, hash, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local beyond, beyond_hash = tonumber(ARGV[5]), ARGV[6]
local head = read_head()
if not head then return { 'unknown', 'epoch' } end

local function lost()
  begin_epoch(math.max(epoch, head.epoch))
  return { 'unknown', 'epoch' }
end

if epoch > head.epoch then return lost() end
if epoch < head.epoch then return { 'unknown', 'epoch' } end
if not is_told_all(head) then return { 'full' } end
-- What was told ahead of the rest may be gone with nothing that comes next showing it: answers are as of it already.
if beyond and beyond >= head.from - 1 and hash_at(head, beyond) ~= beyond_hash then return lost() end
-- Whoever was told more before a failover has reached all that anybody may be told. Beyond its own head the log knows no
-- hash.
if seq >= head.durable then
  local known = hash_at(head, seq)
  if not known and seq < head.from - 1 then return { 'unknown', 'trimmed' } end
  if hash ~= known then return lost() end
  return { 'entries', int(head.epoch), int(seq), hash, int(now_ms()) }
end
if seq < head.from - 1 then return { 'unknown', 'trimmed' } end

-- A page ends at the limit or at about a mebibyte, whichever comes first; what is missing comes with the next one.
local MOST_BYTES = 1048576
local bytes = 0
local reply = { 'entries', int(head.epoch), int(head.durable), head.durable_hash, int(now_ms()) }
for s = seq + 1, math.min(head.durable, seq + limit) do
  local entry = redis.call('HGET', ENTRIES, int(s))
  if not entry then return lost() end
  if s == seq + 1 and string.sub(entry, 1, #hash + 1) ~= hash .. ' ' then return lost() end
  reply[#reply + 1] = int(s)
  reply[#reply + 1] = entry
  bytes = bytes + #entry
  if bytes >= MOST_BYTES then break end
end
return reply
