-- What answers may take up of a shard, by class: shared by whatever stores them and by what tends them.
-- A queue is a sorted set of what one class keeps under one policy. A member's score is its order times SIZES, plus
-- what it is charged in UNITs: one number, so that no second index can disagree with it. Orders are the number of the
-- insertion (sieve) or the time at which it expires (ttl). At and below nought, in the same key and lost only with it,
-- stands the account. The names of keys are those of keys.ts.
local UNIT, SIZES, ORDERS = 256, 16384, 2 ^ 39
-- What Redis needs for an answer beside its record and body, for a resource's mark, for one of its listed variants.
local ENTRY, MARK, LISTED = 1152, 1152, 240
-- An answer takes no more than this part of its budget.
local SHARE = 8
-- Per call: visited ones that are passed over, with two more for each that has gone; dirty ones; and what may go.
local CHANCES, PASSED, GONE = 64, 64, 256
local FIELDS = { '#used', '#hand', '#next', '#evicted', '#limit', '#cursor', '#lap' }

local queues = {}
local function queue_of(name)
  if queues[name] then return queues[name] end
  local q = { name = name, key = 'tg:q:' .. name, sieve = string.sub(name, 1, 6) == 'sieve:', before = {}, look = 2 }
  local scores = redis.pcall('ZMSCORE', q.key, unpack(FIELDS))
  if scores.err then
    redis.call('DEL', q.key)
    scores = {}
  end
  for i, field in ipairs(FIELDS) do
    q[field] = 0 - tonumber(scores[i] or '0')
    q.before[field] = q[field]
  end
  queues[name] = q
  return q
end

-- The queues of one class under either policy share its budget.
local function other_of(q)
  return queue_of(q.sieve and 'ttl:' .. string.sub(q.name, 7) or 'sieve:' .. string.sub(q.name, 5))
end

local function close_queues()
  for _, q in pairs(queues) do
    local account = {}
    for _, field in ipairs(FIELDS) do
      if q[field] ~= q.before[field] then
        account[#account + 1] = int(0 - q[field])
        account[#account + 1] = field
      end
    end
    if #account > 0 then redis.call('ZADD', q.key, unpack(account)) end
  end
end

-- Its share of an allocator that knows four sizes to each doubling.
local function allocated(octets)
  local _, exponent = math.frexp(octets)
  local step = 2 ^ math.max(4, exponent - 3)
  return math.ceil(octets / step) * step
end

local function answer_size(record, body)
  return math.ceil((ENTRY + allocated(record) + allocated(body)) / UNIT)
end

local function mark_size(mark, variants)
  return math.ceil((MARK + allocated(mark) + variants * LISTED) / UNIT)
end

local function add(q, units, score)
  q['#used'] = q['#used'] + units
  -- What tend has counted already goes on to be right.
  if score <= q['#cursor'] then q['#lap'] = q['#lap'] + units end
end

local function charge(q, member, placed)
  local score = math.min(placed.order, ORDERS - 1) * SIZES + placed.units
  redis.call('ZADD', q.key, int(score), member)
  add(q, placed.units, score)
end

-- Its score, if it stood there.
local function take_off(q, member)
  local score = tonumber(redis.call('ZSCORE', q.key, member) or '')
  if not score then return nil end
  redis.call('ZREM', q.key, member)
  add(q, 0 - score % SIZES, score)
  return score
end

-- Takes what stands under a key off the account, whichever queue it says it is in. Its order, if it was in this one.
local function withdraw(q, key, named)
  local member = string.sub(key, 6)
  local score = take_off(q, member)
  if named == q.name then return score and math.floor(score / SIZES) end
  if named then take_off(queue_of(named), member) end
  return nil
end

-- Where it is kept from now on: in its old order, or as the newest; or by when it expires.
local function order_in(q, old, expires)
  if not q.sieve then return math.max(1, math.floor(expires / 16)) end
  if old then return old end
  q['#next'] = q['#next'] + 1
  return q['#next']
end

-- The member above the hand; from the least again where there is none; nil where there is none at all.
local function next_of(q)
  if not q.page or q.at > #q.page then
    for _ = 1, 2 do
      local above = '(' .. int(q['#hand'])
      q.page = redis.call('ZRANGEBYSCORE', q.key, above, '+inf', 'WITHSCORES', 'LIMIT', '0', int(q.look))
      if #q.page > 0 or q['#hand'] == 0 then break end
      q['#hand'] = 0
    end
    q.at, q.look = 1, math.min(q.look * 4, 64)
  end
  local member, score = q.page[q.at], tonumber(q.page[q.at + 1])
  q.at = q.at + 2
  return member, score
end

-- What is still charged though it is there no more, or no more of this queue. False where it stands as charged.
local function is_gone(q, member, e)
  if e.err or (MAP > 0 and e[1] and not e[2] and e[3] ~= LIFE) then
    redis.call('DEL', 'tg:a:' .. member, 'tg:v:' .. member)
  elseif not e[1] then
    redis.call('DEL', 'tg:v:' .. member)
  elseif e[1] == q.name then
    return false
  end
  take_off(q, member)
  return true
end

local function look_at(member)
  return redis.pcall('HMGET', 'tg:a:' .. member, 'q', 'dirty', 'life', 'u')
end

-- Moves the hand by one. False where it would be too much work, or in vain.
local function advance(q, work)
  if work.gone >= GONE or work.passed >= PASSED then return false end
  local member, score = next_of(q)
  if not member then
    -- Nothing is there, whatever the account says.
    local wrong = q['#used'] > 0
    q['#used'], q['#lap'] = 0, 0
    return wrong
  end
  q['#hand'] = score
  local e = look_at(member)
  if is_gone(q, member, e) then
    work.gone = work.gone + 1
  elseif e[2] then
    work.passed = work.passed + 1
  elseif q.sieve and e[4] and work.chances > 0 then
    redis.call('HDEL', 'tg:a:' .. member, 'u')
    work.chances = work.chances - 1
  else
    redis.call('DEL', 'tg:a:' .. member, 'tg:v:' .. member)
    take_off(q, member)
    q['#evicted'] = q['#evicted'] + 1
    work.gone = work.gone + 1
    work.chances = work.chances + 2
  end
  return true
end

-- Whether so much more fits, after others have given way: of a class's two queues the one that holds more.
local function make_room(q, units, limit)
  local other = other_of(q)
  local work = { chances = CHANCES, passed = 0, gone = 0 }
  local fits = true
  while fits and q['#used'] + other['#used'] + units > limit do
    fits = advance(q['#used'] >= other['#used'] and q or other, work)
  end
  -- By expiry the next one to go is always the first, unless all that were looked at are dirty.
  for _, one in ipairs({ q, other }) do
    if not one.sieve and fits then one['#hand'] = 0 end
  end
  return fits
end
