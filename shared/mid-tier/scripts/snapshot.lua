-- A cold view in one call: the head as far as it is durable, and all configuration as of it. Begins the log where there
-- is none. Says `full` where the log has not been told all: the configuration is as it is, but nothing is proven young.
-- KEYS: head, entries, index, index order, configuration.  ARGV: highest known epoch
local head = read_head()
if head then head = with_configuration(head, KEYS[5]) end
if not head or head.epoch < tonumber(ARGV[1]) then head = begin_epoch(tonumber(ARGV[1])) end
local reply = { int(head.epoch), int(head.durable), head.durable_hash, int(now_ms()),
  is_told_all(head) and '' or 'full' }
local untold, first = {}, {}
for _, change in ipairs(head.seq > head.durable and untold_changes() or {}) do
  -- Of several changes to one field, the first one knows what is told of it.
  if change.seq < (first[change.field] or math.huge) then
    first[change.field], untold[change.field] = change.seq, redis.call('HGET', HEAD, change.name)
  end
end
local configuration = redis.call('HGETALL', KEYS[5])
for i = 1, #configuration, 2 do
  if not untold[configuration[i]] then
    reply[#reply + 1] = configuration[i]
    reply[#reply + 1] = configuration[i + 1]
  end
end
for field, before in pairs(untold) do
  if before ~= '' then
    reply[#reply + 1] = field
    reply[#reply + 1] = before
  end
end
return reply
