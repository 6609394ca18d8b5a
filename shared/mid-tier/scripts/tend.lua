-- Looks after the account, a bounded part of it a call: what has expired or was removed comes off it, what was stored
-- and is on none comes back onto it, and each lap over a queue counts anew what it holds. Tells what all queues hold.
-- KEYS: queues, shard.  ARGV: members looked at a queue, keys looked at, map, life
-- Replies, for each queue: name, bytes, budget, answers, evictions
local looks, keys = tonumber(ARGV[1]), tonumber(ARGV[2])

local function go_round(q)
  local page = redis.call('ZRANGEBYSCORE', q.key, '(' .. int(q['#cursor']), '+inf', 'WITHSCORES', 'LIMIT', '0', ARGV[1])
  for i = 1, #page, 2 do
    local score = tonumber(page[i + 1])
    if not is_gone(q, page[i], look_at(page[i])) then q['#lap'] = q['#lap'] + score % SIZES end
    q['#cursor'] = score
  end
  if #page == looks * 2 then return end
  q['#used'] = q['#lap']
  q['#cursor'], q['#lap'] = 0, 0
end

-- The queue was lost, or what lists the queues.
local function adopt(key)
  local e = redis.pcall('HMGET', key, 'q', 'dirty', 'life', 'vary')
  if e.err or not e[1] or (MAP > 0 and e[3] ~= LIFE) then return end
  if not string.match(e[1], '^sieve:.') and not string.match(e[1], '^ttl:.') then return end
  redis.call('HSETNX', KEYS[1], e[1], '0')
  local q, member = queue_of(e[1]), string.sub(key, 6)
  if redis.call('ZSCORE', q.key, member) then return end
  local units = e[4] and mark_size(#e[4], redis.call('ZCARD', 'tg:v:' .. member))
    or answer_size(redis.call('HSTRLEN', key, 'm'), redis.call('HSTRLEN', key, 'b'))
  local expires = now_ms() + math.max(0, redis.call('PTTL', key))
  charge(q, member, { order = order_in(q, nil, expires), units = math.min(units, SIZES - 1) })
end

if not is_stranger() then
  if keys > 0 then
    local found = redis.call('SCAN', redis.call('HGET', SHARD, 'scan') or '0', 'MATCH', 'tg:a:*', 'COUNT', ARGV[2])
    redis.call('HSET', SHARD, 'scan', found[1])
    for _, key in ipairs(found[2]) do adopt(key) end
  end
  for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    local q = queue_of(name)
    if looks > 0 then go_round(q) end
    if looks > 0 and q['#limit'] > 0 then make_room(q, 0, q['#limit']) end
  end
end
close_queues()
local reply = {}
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local q = queue_of(name)
  reply[#reply + 1] = name
  for _, figure in ipairs({ q['#used'] * UNIT, q['#limit'] * UNIT, redis.call('ZCOUNT', q.key, '(0', '+inf'), q['#evicted'] }) do
    reply[#reply + 1] = int(figure)
  end
end
return reply
