-- The entries after a position, or as many of the newest as fit where the log doesn't go on from there. For onlookers:
-- unlike `since` it changes nothing, whatever it finds.
-- KEYS: head, entries, index, index order.  ARGV: epoch, seq and hash known ('0', '0', '' for none), limit
local epoch, seq, hash, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local head = read_head()
if not head then return { 'none' } end

local function hash_at(s)
  if s == head.seq then return head.hash end
  local next_entry = redis.call('HGET', ENTRIES, int(s + 1))
  return next_entry and string.match(next_entry, '^(%S+) ') or nil
end

local after = seq
local joins = epoch == head.epoch and seq <= head.seq and seq >= head.from - 1 and hash_at(seq) == hash
if not joins then after = math.max(head.from - 1, head.seq - limit) end

-- A page ends at the limit or at about a mebibyte, whichever comes first; what is missing comes with the next one.
local MOST_BYTES = 1048576
local bytes = 0
local reply = { joins and 'page' or 'anew', int(head.epoch), int(after), hash_at(after) or '', int(head.seq), int(now_ms()) }
for s = after + 1, math.min(head.seq, after + limit) do
  local entry = redis.call('HGET', ENTRIES, int(s))
  if not entry then break end
  reply[#reply + 1] = entry
  bytes = bytes + #entry
  if bytes >= MOST_BYTES then break end
end
return reply
