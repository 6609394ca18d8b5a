-- A cold view in one call: the head, and all configuration as of it. Begins the log where there is none.
-- KEYS: head, entries, index, index order, configuration.  ARGV: highest known epoch
local head = read_head()
if not head or head.epoch < tonumber(ARGV[1]) then head = begin_epoch(tonumber(ARGV[1])) end
local reply = { int(head.epoch), int(head.seq), head.hash }
local configuration = redis.call('HGETALL', KEYS[5])
for i = 1, #configuration do reply[#reply + 1] = configuration[i] end
return reply
