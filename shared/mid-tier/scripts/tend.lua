-- Looks after the accounts, a bounded part of them a call: what has expired or was removed comes off, what is stored and
-- on none comes back on, and each lap over a queue counts anew what it holds. Tells what stands on each.
-- KEYS: queues, shard.  ARGV: members looked at of each class, keys looked at, map, life
-- Replies how much was set right and whether all keys have been looked at by now, then of each class: name, bytes, budget,
-- answers, evictions, whether a lap has ended
local looks, keys = tonumber(ARGV[1]), tonumber(ARGV[2])
local mended = 0
-- A database that is full refuses scripts whose first write may take room, and room is what this one makes.
redis.call('HDEL', KEYS[1], '')
-- What is of another life than the shard's own is nobody's answer any more.
LIFE = redis.call('HGET', SHARD, 'life')
MAP = LIFE and 1 or 0

local function go_round(q)
  local page, full = page_above(q, q['#cursor'], '+inf', looks)
  for i = 1, #page, 2 do
    local score = tonumber(page[i + 1])
    if is_gone(q, page[i], score, look_at(page[i])) then
      mended = mended + 1
    else
      q['#lap'] = q['#lap'] + score % SIZES
    end
    q['#cursor'] = score
  end
  if full then return '0' end
  if q['#used'] ~= q['#lap'] then mended = mended + 1 end
  q['#used'] = q['#lap']
  q['#cursor'], q['#lap'] = 0, 0
  return '1'
end

-- Its queue was lost, or what lists the queues.
local function adopt(key)
  local e = redis.pcall('HMGET', key, 'q', 'life', 'vary')
  if e.err or not e[1] or (MAP > 0 and e[2] ~= LIFE) then return end
  local member = string.sub(key, 6)
  local q = open_queue(e[1], member)
  redis.call('HSETNX', KEYS[1], e[1], '0')
  if q.scores[member] then return end
  local units = e[3] and mark_size(#e[3], redis.call('ZCARD', 'tg:v:' .. member))
    or answer_size(redis.call('HSTRLEN', key, 'm'), redis.call('HSTRLEN', key, 'b'))
  mended = mended + 1
  charge(q, member, order_in(q, 'sieve', member, 0), math.min(units, SIZES - 1))
  settle(q)
end

local scanned = '0'
if keys > 0 then
  local found = redis.call('SCAN', redis.call('HGET', SHARD, 'scan') or '0', 'MATCH', 'tg:a:*', 'COUNT', int(keys))
  redis.call('HSET', SHARD, 'scan', found[1])
  if found[1] == '0' then scanned = '1' end
  for _, key in ipairs(found[2]) do adopt(key) end
end
local reply = { '0', scanned }
for _, class in ipairs(redis.call('HKEYS', KEYS[1])) do
  local q, ended = open_queue(class), '0'
  if looks > 0 then
    ended = go_round(q)
    if q['#used'] > q['#limit'] and q['#limit'] > 0 then
      mended = mended + 1
      make_room(q, 0, q['#limit'])
    end
    settle(q)
  end
  reply[#reply + 1] = class
  local answers = redis.call('ZCOUNT', q.key, '(0', '+inf')
  for _, figure in ipairs({ q['#used'] * UNIT, q['#limit'] * UNIT, answers, q['#evicted'] }) do
    reply[#reply + 1] = int(figure)
  end
  reply[#reply + 1] = ended
end
reply[1] = int(mended)
return reply
