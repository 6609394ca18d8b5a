-- The durable entries after a position, or as many of the newest as fit where the log doesn't go on from there. For
-- onlookers: unlike `since` it changes nothing, whatever it finds.
-- KEYS: head, entries, index, index order.  ARGV: epoch, seq and hash known ('0', '0', '' for none), limit
local epoch, seq, hash, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local head = read_head()
if not head then return { 'none' } end

local after = seq
local joins = epoch == head.epoch and seq <= head.durable and seq >= head.from - 1 and hash_at(head, seq) == hash
if not joins then after = math.max(head.from - 1, head.durable - limit) end

-- A page ends at the limit or at about a mebibyte, whichever comes first; what is missing comes with the next one.
local MOST_BYTES = 1048576
local bytes = 0
local reply = { joins and 'page' or 'anew', int(head.epoch), int(after), hash_at(head, after) or '' }
reply[5], reply[6] = int(head.durable), int(now_ms())
reply[7] = redis.call('HGET', HEAD, 'confirmed') or '0'
for s = after + 1, math.min(head.durable, after + limit) do
  local entry = redis.call('HGET', ENTRIES, int(s))
  if not entry then break end
  reply[#reply + 1] = entry
  bytes = bytes + #entry
  if bytes >= MOST_BYTES then break end
end
return reply
