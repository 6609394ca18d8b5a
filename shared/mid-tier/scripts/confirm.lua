-- Lets the log tell of all up to an entry that its replicas have, however often it is asked to.
-- KEYS: head, entries, index, index order, configuration before.  ARGV: epoch, seq, hash
local epoch, seq, hash = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local head = read_head()
if not head or head.epoch < epoch then return { 'lost' } end
-- What came before an epoch counts for nothing in it, and is owed to nobody.
if head.epoch > epoch then return { 'confirmed' } end
if seq <= head.durable then
  -- A write, so that a WAIT behind it waits for the replicas to have seen what was confirmed then.
  redis.call('HSET', HEAD, 'durable', int(head.durable))
  return { 'confirmed' }
end
if seq > head.seq or hash_at(head, seq) ~= hash then return { 'lost' } end
make_durable(head, seq, hash, KEYS[5])
return { 'confirmed' }
