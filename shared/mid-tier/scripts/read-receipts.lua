-- Receipts with the entries that they are about, while the log still holds them, and the time. An entry for which the
-- reply has no room is a dash.
-- KEYS: head, entries, index, index order, then receipts.  ARGV: how many bytes of entries the reply may hold
local left = tonumber(ARGV[1])
local head = read_head()
local reply = { int(now_ms()) }
for k = 5, #KEYS do
  local fields = redis.call('HGETALL', KEYS[k])
  local epoch, seq, entry = nil, nil, ''
  for i = 1, #fields, 2 do
    if fields[i] == 'epoch' then epoch = tonumber(fields[i + 1]) end
    if fields[i] == 'seq' then seq = fields[i + 1] end
  end
  if left > 0 and head and seq and head.epoch == epoch then
    entry = redis.call('HGET', ENTRIES, seq) or ''
    if #entry > left then entry = '-' end
    left = left - #entry
  end
  reply[#reply + 1] = entry
  reply[#reply + 1] = int(#fields)
  for i = 1, #fields do reply[#reply + 1] = fields[i] end
end
return reply
