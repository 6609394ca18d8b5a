-- Stores an answer fetched under a lease: only while the lease is held, never over a newer or a dirty one.
-- A retried fill finds its own id and answers as the first did. A copy of what another shard holds needs no lease: its
-- sender knows an instant of this shard's clock, and how old the answer was then at the least.
-- Others of its class give way where there is no room; what is too large for the class, or finds none, is not stored.
-- KEYS: answer, lease, primary (the answer's own key where it is no variant), the primary's variants, the class's
-- queue, queues, shard
-- ARGV: token ('' = a copy), id, as-of epoch, as-of seq, keep ms, record, body, digest, how its resource varies, variants
-- at most, verified epoch, verified seq, a copy's instant, ms that had passed by then since it was granted, class,
-- policy of eviction, the class's budget, map, life
local token, id = ARGV[1], ARGV[2]
local epoch, seq = tonumber(ARGV[3]), tonumber(ARGV[4])

if is_stranger() then return { 'refused', 'stranger' } end
if is_outdated() then return { 'refused', 'map' } end
local e = redis.pcall('HMGET', KEYS[1], 'id', 'ae', 'as', 'dirty', 'life', 'q', 'u', 'vary')
if e.err then
  redis.call('DEL', KEYS[1])
  e = {}
end
if e[1] == id and (MAP == 0 or e[5] == LIFE) then return { 'stored', '0' } end

local granted = ARGV[13]
if token ~= '' then
  local held = redis.call('GET', KEYS[2])
  local owner = nil
  if held then owner, granted = string.match(held, '^(%S+) %d+ %d+ (%d+) ?%a*$') end
  if owner ~= token then return { 'refused', 'lease' } end
  redis.call('DEL', KEYS[2])
end
if e[4] then return { 'refused', 'dirty' } end
local there_epoch, there_seq = tonumber(e[2] or ''), tonumber(e[3] or '')
if MAP > 0 and e[5] ~= LIFE then there_epoch = nil end
if there_epoch and there_seq and (there_epoch > epoch or (there_epoch == epoch and there_seq > seq)) then
  return { 'refused', 'as-of' }
end

local member, resource = string.sub(KEYS[1], 6), KEYS[3] ~= KEYS[1] and string.sub(KEYS[3], 6) or nil
local q, limit = open_queue(ARGV[15], member, resource), math.floor(tonumber(ARGV[17]) / UNIT)
local size = answer_size(#ARGV[6], #ARGV[7])
if size > limit / SHARE or size >= SIZES then return { 'refused', 'size' } end
if limit ~= q['#limit'] then
  q['#limit'] = limit
  redis.call('HSET', KEYS[6], q.class, int(limit))
end

-- A variant: its resource learns how its answers vary, in the union over time, and lists them. Below a dirty value
-- nobody looks for it.
local keep = tonumber(ARGV[5])
local p, mark, mark_units = nil, nil, 0
if resource then
  p = redis.pcall('HMGET', KEYS[3], 'vary', 'dirty', 'life', 'q', 'u')
  if p.err then
    redis.call('DEL', KEYS[3])
    p = {}
  end
end
if p and not p[2] then
  local listed = redis.pcall('ZCARD', KEYS[4])
  if type(listed) == 'table' then
    redis.call('DEL', KEYS[4])
    listed = 0
  end
  local known = (MAP == 0 or p[3] == LIFE) and p[1] or ''
  local seen, words = {}, {}
  for word in string.gmatch(known .. ' ' .. ARGV[9], '%S+') do
    if not seen[word] then
      seen[word] = true
      words[#words + 1] = word
    end
  end
  mark = table.concat(words, ' ')
  mark_units = mark_size(#mark, listed + 1)
end

-- What it replaces comes off first, so that nothing of this is under a hand while others give way.
withdraw(q, member, e[6])
if mark then withdraw(q, resource, p[4]) end
if not make_room(q, size + mark_units, limit) then
  redis.call('DEL', KEYS[1])
  if mark then redis.call('DEL', KEYS[3], KEYS[4]) end
  settle(q)
  return { 'refused', 'room' }
end

-- Nothing of what it replaces stays beside it.
if e[1] or e[8] then redis.call('DEL', KEYS[1]) end
if e[8] then redis.call('DEL', 'tg:v:' .. member) end
redis.call('HSET', KEYS[1], 'id', id, 'ae', ARGV[3], 'as', ARGV[4], 've', ARGV[11], 'vs', ARGV[12],
  'at', int(tonumber(granted) - tonumber(ARGV[14])), 'm', ARGV[6], 'b', ARGV[7], 'd', ARGV[8], 'life', LIFE, 'q', q.class)
if e[7] then redis.call('HSET', KEYS[1], 'u', '1') end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
local now = (mark or ARGV[16] == 'ttl') and now_ms() or 0
charge(q, member, order_in(q, ARGV[16], member, now + keep), size)
local displaced = 0
if mark then
  local life = p[1] and math.max(0, redis.call('PTTL', KEYS[3])) or 0
  redis.call('DEL', KEYS[3])
  redis.call('HSET', KEYS[3], 'vary', mark, 'life', LIFE, 'q', q.class)
  if p[5] then redis.call('HSET', KEYS[3], 'u', '1') end
  redis.call('PEXPIRE', KEYS[3], int(math.max(life, keep)))
  redis.call('ZADD', KEYS[4], int(now + keep), KEYS[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', int(now))
  redis.call('PEXPIRE', KEYS[4], int(math.max(redis.call('PTTL', KEYS[4]), keep)))
  local excess = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[10])
  if excess > 0 then
    -- One more than has to go: this one is never it.
    for _, variant in ipairs(redis.call('ZRANGE', KEYS[4], '0', int(excess))) do
      local v = redis.pcall('HMGET', variant, 'dirty', 'q')
      if displaced < excess and variant ~= KEYS[1] and not v[1] then
        redis.call('DEL', variant)
        redis.call('ZREM', KEYS[4], variant)
        withdraw(q, string.sub(variant, 6), v[2])
        displaced = displaced + 1
      end
    end
  end
  local units = mark_size(#mark, redis.call('ZCARD', KEYS[4]))
  charge(q, resource, order_in(q, ARGV[16], resource, now + math.max(life, keep)), units)
end
settle(q)
return { 'stored', int(displaced) }
