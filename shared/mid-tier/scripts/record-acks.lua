-- Writes into receipts which edges have applied them, each once, and closes a receipt, once, when nothing is pending.
-- A closed receipt stays as it was closed: who joins later owes it nothing. So none is closed by a list of edges that has
-- been replaced since it was read: who is on the new one owes it something.
-- KEYS: open receipts, listed edges, buckets of time, then receipts
-- ARGV: the edition of the list that was read, number of buckets, how long each is kept in ms, then for every receipt its id, how long it took in ms
--       ('' = still open) and the bucket of that, when it is fenced ('' = not worked out), whether isolates without an address were waited for,
--       the number of acknowledgements, edge and acknowledgement for each, the number of edges fenced, and those
local relisted = (redis.call('HGET', KEYS[2], '/edition') or '') ~= ARGV[1]
local buckets = tonumber(ARGV[2])
local at = 3 + buckets
local function take()
  at = at + 1
  return ARGV[at - 1]
end

for k = 3 + buckets, #KEYS do
  local id, convergence, bucket, fenced_at, unlisted = take(), take(), take(), take(), take()
  -- A receipt that has expired must not come back without an expiry of its own.
  local open = redis.call('EXISTS', KEYS[k]) == 1 and redis.call('HEXISTS', KEYS[k], 'converged') == 0
  local closes = open and convergence ~= '' and not relisted
  if open and fenced_at ~= '' then redis.call('HSETNX', KEYS[k], 'fenced', fenced_at) end
  for _ = 1, tonumber(take()) do
    local edge, ack = take(), take()
    if open then redis.call('HSETNX', KEYS[k], 'e:' .. edge, ack) end
  end
  for _ = 1, tonumber(take()) do
    local edge = take()
    if closes then redis.call('HSETNX', KEYS[k], 'f:' .. edge, '') end
  end
  if not open or closes then redis.call('ZREM', KEYS[1], id) end
  if closes then
    redis.call('HSET', KEYS[k], 'converged', convergence)
    if unlisted ~= '' then redis.call('HSET', KEYS[k], 'unlisted', unlisted) end
    for b = 1, buckets do
      redis.call('HINCRBY', KEYS[2 + b], 'converged|' .. bucket, '1')
      redis.call('HINCRBY', KEYS[2 + b], 'convergedMs', convergence)
      redis.call('PEXPIRE', KEYS[2 + b], ARGV[2 + b])
    end
  end
end
return { relisted and 'relisted' or 'recorded' }
