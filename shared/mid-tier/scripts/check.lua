-- Asks the full index whether anything has hit an answer since a position.
-- The index knows entries that are not durable yet. They hit all the same: whoever is hit in vain fetches once more. But no
-- answer is said to be verified against them.
-- KEYS: head, entries, index, index order.  ARGV: epoch, seq, then the answer's selectors
local head = read_head()
if not head or head.epoch ~= tonumber(ARGV[1]) then return { 'unknown' } end
local seq = tonumber(ARGV[2])
-- Where the index itself is gone, that nothing is found in it says nothing.
if seq > head.seq or seq < head.pruned or not index_is_whole(head) then return { 'unknown' } end

local verified_to = math.max(seq, head.durable)
local soft_since = nil
for i = 3, #ARGV do
  local value = redis.call('HGET', INDEX, ARGV[i])
  if value then
    local hard, s1, t1, s2, t2 = string.match(value, '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
    if not hard then return { 'unknown' } end
    if tonumber(hard) > seq then return { 'hit' } end
    local at = nil
    if tonumber(s1) > seq then at = tonumber(t1) elseif tonumber(s2) > seq then at = tonumber(t2) end
    if at and (not soft_since or at < soft_since) then soft_since = at end
  end
end
if soft_since then
  return { 'soft', int(head.epoch), int(verified_to), int(math.max(0, now_ms() - soft_since)) }
end
return { 'ok', int(head.epoch), int(verified_to) }
