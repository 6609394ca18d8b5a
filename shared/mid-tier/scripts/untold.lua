-- The head of the log where that tells less than it holds. A write, so that a WAIT behind it waits for the replicas to have
-- all of it.
-- KEYS: head, entries, index, index order
local head = read_head()
if not head or head.durable >= head.seq then return { 'nothing' } end
redis.call('HSET', HEAD, 'durable', int(head.durable))
return { 'untold', int(head.epoch), int(head.seq), head.hash }
