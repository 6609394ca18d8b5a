-- Writes into a receipt which edges have applied it, each once, and closes it, once, when the last one has.
-- KEYS: receipt, open receipts, then buckets of time
-- ARGV: id, convergence bucket ('' = still open), number of buckets, how long each is kept in ms, then edge and acknowledgement
local id, convergence, buckets = ARGV[1], ARGV[2], tonumber(ARGV[3])
-- A receipt that has expired must not come back without an expiry of its own.
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZREM', KEYS[2], id)
  return { 'gone' }
end
for i = 4 + buckets, #ARGV - 1, 2 do redis.call('HSETNX', KEYS[1], 'e:' .. ARGV[i], ARGV[i + 1]) end
if convergence == '' then return { 'open' } end
redis.call('ZREM', KEYS[2], id)
if redis.call('HSETNX', KEYS[1], 'converged', convergence) == 1 then
  for b = 1, buckets do
    redis.call('HINCRBY', KEYS[2 + b], 'convergence|' .. convergence, '1')
    redis.call('PEXPIRE', KEYS[2 + b], ARGV[3 + b])
  end
end
return { 'converged' }
