-- Has an operation tried again at once, or gives it up. What is on its way right now is left to whoever carries it.
-- KEYS: operation, operations, parked.  ARGV: id, retry or drop
local id = ARGV[1]
local o = redis.call('HMGET', KEYS[1], 'k', 'p', 'n', 'dead', 'fence', 'done', 'at', 'older')
if not o[1] then return { 'absent' } end
local digest, due, queue = o[1], 'tg:j:due:' .. o[2], 'tg:jk:' .. o[1]
local older, now = older_until(), int(now_ms())
local claimed = o[5] and tonumber(redis.call('ZSCORE', due, digest) or '0') > tonumber(now)
if claimed then return { 'busy' } end
-- The origin has it, and the log is being told. Parked, it never will be: whoever drops it purges its URL.
if ARGV[2] == 'drop' and o[6] and not o[4] then return { 'busy' } end
local head = redis.call('LINDEX', queue, '0') == id
if o[4] then
  redis.call('ZREM', KEYS[3], id)
  redis.call('HDEL', KEYS[1], 'dead')
  move('dead', 'pending', o[3])
end
if ARGV[2] == 'retry' then
  redis.call('HDEL', KEYS[1], 'first')
  -- Before it was parked, too.
  if is_older(o[7], o[8], older) then withdraw_older(digest, id, KEYS[1]) end
  redis.call('HSET', KEYS[1], 'decided', younger(now, older))
  if not head then return { 'behind' } end
  redis.call('ZADD', due, now, digest)
  return { 'retried' }
end
local last = redis.call('LINDEX', queue, '-1') == id
redis.call('LREM', queue, '1', id)
end_operation(KEYS[1])
redis.call('ZREM', KEYS[2], id)
move('pending', 'dropped', o[3])
local tail = redis.call('LINDEX', queue, '-1')
if not tail then
  redis.call('ZREM', due, digest)
  forget(digest)
  return { 'dropped' }
end
if head then redis.call('ZADD', due, now, digest) end
if last then
  -- What was written before it counts again, unless the origin has refused that, or may have had it already.
  local value, t = 'tg:jv:' .. digest, redis.call('HMGET', 'tg:jo:' .. tail, 'e', 'm', 'b', 'd', 'kind', 'refused', 'at', 'older')
  if t[6] or is_older(t[7], t[8], older) then
    forget(digest)
    return { 'dropped' }
  end
  redis.call('HSET', value, 'e', t[1], 'm', t[2], 'b', t[3], 'd', t[4], 'o', tail)
  charge(digest, ENTRY + #t[2] + #t[3])
  if t[5] == 'delete' then redis.call('HSET', value, 'gone', '1') else redis.call('HDEL', value, 'gone') end
end
return { 'dropped' }
