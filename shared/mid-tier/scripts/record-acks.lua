-- Writes into receipts which edges have applied them, each once, and closes a receipt, once, when nothing is pending.
-- A closed receipt stays as it was closed: who joins later owes it nothing.
-- KEYS: open receipts, buckets of time, then receipts
-- ARGV: number of buckets, how long each is kept in ms, then for every receipt its id, its convergence bucket
--       ('' = still open), when it is fenced ('' = not worked out), whether isolates without an address were waited for,
--       the number of acknowledgements, edge and acknowledgement for each, the number of edges fenced, and those
local buckets = tonumber(ARGV[1])
local at = 2 + buckets
local function take()
  at = at + 1
  return ARGV[at - 1]
end

for k = 2 + buckets, #KEYS do
  local id, convergence, fenced_at, unlisted = take(), take(), take(), take()
  -- A receipt that has expired must not come back without an expiry of its own.
  local open = redis.call('EXISTS', KEYS[k]) == 1 and redis.call('HEXISTS', KEYS[k], 'converged') == 0
  local closes = open and convergence ~= ''
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
      redis.call('HINCRBY', KEYS[1 + b], 'convergence|' .. convergence, '1')
      redis.call('PEXPIRE', KEYS[1 + b], ARGV[1 + b])
    end
  end
end
return { 'recorded' }
