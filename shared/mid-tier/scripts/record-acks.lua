-- Writes into receipts which edges have applied them, each once, and closes a receipt, once, when the last edge has.
-- KEYS: open receipts, buckets of time, then receipts
-- ARGV: number of buckets, how long each is kept in ms, then for every receipt its id, its convergence bucket
--       ('' = still open), the number of acknowledgements, and edge and acknowledgement for each
local buckets = tonumber(ARGV[1])
local at = 2 + buckets
for k = 2 + buckets, #KEYS do
  local id, convergence, acks = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 3
  -- A receipt that has expired must not come back without an expiry of its own.
  local there = redis.call('EXISTS', KEYS[k]) == 1
  for _ = 1, acks do
    if there then redis.call('HSETNX', KEYS[k], 'e:' .. ARGV[at], ARGV[at + 1]) end
    at = at + 2
  end
  if not there or convergence ~= '' then redis.call('ZREM', KEYS[1], id) end
  if there and convergence ~= '' and redis.call('HSETNX', KEYS[k], 'converged', convergence) == 1 then
    for b = 1, buckets do
      redis.call('HINCRBY', KEYS[1 + b], 'convergence|' .. convergence, '1')
      redis.call('PEXPIRE', KEYS[1 + b], ARGV[1 + b])
    end
  end
end
return { 'recorded' }
