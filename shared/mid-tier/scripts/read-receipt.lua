-- One receipt, the entry that it is about while the log still holds it, and the time.
-- KEYS: head, entries, index, index order, receipt
local fields = redis.call('HGETALL', KEYS[5])
local reply = { int(now_ms()), '' }
local epoch, seq = nil, nil
for i = 1, #fields, 2 do
  if fields[i] == 'epoch' then epoch = tonumber(fields[i + 1]) end
  if fields[i] == 'seq' then seq = fields[i + 1] end
  reply[#reply + 1] = fields[i]
  reply[#reply + 1] = fields[i + 1]
end
local head = read_head()
if head and seq and head.epoch == epoch then reply[2] = redis.call('HGET', ENTRIES, seq) or '' end
return reply
