-- The durable entries after a sequence number, oldest first, as far as they are small: nothing where the epoch is another.
-- KEYS: head, entries, index, index order.  ARGV: epoch, seq, most entries, most bytes
local head = read_head()
local reply = { int(now_ms()) }
if not head or head.epoch ~= tonumber(ARGV[1]) then return reply end
local bytes = 0
for s = tonumber(ARGV[2]) + 1, math.min(head.durable, tonumber(ARGV[2]) + tonumber(ARGV[3])) do
  local entry = redis.call('HGET', ENTRIES, int(s))
  bytes = bytes + #(entry or '')
  if not entry or bytes > tonumber(ARGV[4]) then break end
  reply[#reply + 1] = int(s)
  reply[#reply + 1] = entry
end
return reply
