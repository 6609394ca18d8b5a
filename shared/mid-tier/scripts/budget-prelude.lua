-- What answers may take up of a shard, by class: shared by what stores them and by what tends the accounts.
-- A class has a queue, a sorted set of its answers. A member's score is its order times SIZES, plus what it is charged
-- in UNITs: one number, so that no second index can disagree with it. Orders are the number of the insertion (sieve),
-- or from TTL on the time at which it expires. At and below nought, in the same key and lost only with it, stands the
-- account. Keys are named as in keys.ts.
local UNIT, SIZES, TTL = 256, 16384, 2 ^ 38
-- What Redis needs for an answer beside its record and body, for a resource's mark, for each variant listed.
local ENTRY, MARK, LISTED = 1152, 1152, 240
-- An answer takes no more than this part of its budget.
local SHARE = 8
-- In one call: visited ones passed over, and two more for each that has gone; dirty ones; and what may go.
local CHANCES, PASSED, GONE = 64, 64, 256
local FIELDS = { '#used', '#ttl', '#hand', '#next', '#evicted', '#limit', '#cursor', '#lap' }

-- `first` and `second`: members that it is opened for.
local function open_queue(class, first, second)
  local q = { class = class, key = 'tg:q:' .. class, before = {}, written = {}, scores = {} }
  local found = redis.pcall('ZMSCORE', q.key, first or '', second or '', unpack(FIELDS))
  if found.err then
    redis.call('DEL', q.key)
    found = {}
  end
  if first then q.scores[first] = tonumber(found[1] or '') or false end
  if second then q.scores[second] = tonumber(found[2] or '') or false end
  for i, field in ipairs(FIELDS) do
    q[field] = 0 - tonumber(found[i + 2] or '0')
    q.before[field] = q[field]
  end
  q.sieve = { hand = q['#hand'], low = 0, high = '(' .. int(TTL * SIZES), look = 2 }
  q.ttl = { hand = TTL * SIZES - 1, low = TTL * SIZES - 1, high = '+inf', look = 2 }
  return q
end

-- Writes the account, and what was charged to it.
local function settle(q)
  q['#hand'] = q.sieve.hand
  for _, field in ipairs(FIELDS) do
    if q[field] ~= q.before[field] then
      q.before[field] = q[field]
      q.written[#q.written + 1] = int(0 - q[field])
      q.written[#q.written + 1] = field
    end
  end
  if #q.written > 0 then redis.call('ZADD', q.key, unpack(q.written)) end
  q.written = {}
end

-- What an allocator with four sizes to each doubling sets aside.
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
  if score >= TTL * SIZES then q['#ttl'] = q['#ttl'] + units end
  -- What this lap has counted goes on to be right.
  if score <= q['#cursor'] then q['#lap'] = q['#lap'] + units end
end

local function charge(q, member, order, units)
  local score = math.min(order, 2 * TTL - 1) * SIZES + units
  q.written[#q.written + 1] = int(score)
  q.written[#q.written + 1] = member
  add(q, units, score)
end

local function take_off(q, member, score)
  if not score then return end
  redis.call('ZREM', q.key, member)
  add(q, 0 - score % SIZES, score)
end

-- What stands under a key comes off the account of the class that it names, and that of this one.
local function withdraw(q, member, class)
  if q.scores[member] == nil then q.scores[member] = tonumber(redis.call('ZSCORE', q.key, member) or '') or false end
  take_off(q, member, q.scores[member])
  if not class or class == q.class then return end
  local other = open_queue(class, member)
  take_off(other, member, other.scores[member])
  settle(other)
end

-- Where it is kept: by when it expires, or in the place of what it replaces, or as the newest.
local function order_in(q, policy, member, expires)
  if policy == 'ttl' then return TTL + math.floor(expires / 16) end
  local old = q.scores[member]
  if old and old < TTL * SIZES then return math.floor(old / SIZES) end
  q['#next'] = q['#next'] + 1
  return q['#next']
end

-- Members and scores above one score, and whether there may be more. What expires in the same instant at the same size
-- has one score: it stands on one page, since the next begins above it.
local function page_above(q, low, high, count)
  local page = redis.call('ZRANGEBYSCORE', q.key, '(' .. int(low), high, 'WITHSCORES', 'LIMIT', '0', int(count))
  local full = #page == count * 2
  local last = page[#page]
  if full and tonumber(last) >= TTL * SIZES then
    while page[#page] == last do page[#page], page[#page - 1] = nil, nil end
    for _, word in ipairs(redis.call('ZRANGEBYSCORE', q.key, last, last, 'WITHSCORES')) do page[#page + 1] = word end
  end
  return page, full
end

-- The member above the region's hand; from the least again where there is none; nil where there is none at all.
local function next_of(q, region)
  if not region.page or region.at > #region.page then
    for _ = 1, 2 do
      region.page = page_above(q, region.hand, region.high, region.look)
      if #region.page > 0 or region.hand == region.low then break end
      region.hand = region.low
    end
    region.at, region.look = 1, math.min(region.look * 4, 64)
  end
  local member, score = region.page[region.at], region.page[region.at + 1]
  region.at = region.at + 2
  if not member then return nil end
  region.hand = tonumber(score)
  return member, region.hand
end

local function look_at(member)
  return redis.pcall('HMGET', 'tg:a:' .. member, 'q', 'dirty', 'life', 'u')
end

-- Takes off what is charged though it is no more there, or no more this class's. False where all is as charged.
local function is_gone(q, member, score, e)
  if e.err or (MAP > 0 and e[1] and not e[2] and e[3] ~= LIFE) then
    redis.call('DEL', 'tg:a:' .. member, 'tg:v:' .. member)
  elseif not e[1] then
    redis.call('DEL', 'tg:v:' .. member)
  elseif e[1] == q.class then
    return false
  end
  take_off(q, member, score)
  return true
end

-- Moves a hand by one. False where it would be too much work, or in vain.
local function advance(q, work)
  if q['#used'] <= 0 or work.gone >= GONE or work.passed >= PASSED then return false end
  local by_expiry = q['#ttl'] * 2 > q['#used']
  local member, score = next_of(q, by_expiry and q.ttl or q.sieve)
  if not member then
    -- Nothing is there, whatever the account says.
    q['#used'] = by_expiry and q['#used'] - q['#ttl'] or q['#ttl']
    if by_expiry then q['#ttl'] = 0 end
    return true
  end
  local e = look_at(member)
  if is_gone(q, member, score, e) then
    work.gone = work.gone + 1
  elseif e[2] then
    work.passed = work.passed + 1
    if by_expiry then
      -- By expiry the first is always next: this one comes after those of the following minute.
      add(q, 0 - score % SIZES, score)
      charge(q, member, math.floor(score / SIZES) + 3750, score % SIZES)
    end
  elseif e[4] and not by_expiry and work.chances > 0 then
    redis.call('HDEL', 'tg:a:' .. member, 'u')
    work.chances = work.chances - 1
  else
    redis.call('DEL', 'tg:a:' .. member, 'tg:v:' .. member)
    take_off(q, member, score)
    q['#evicted'] = q['#evicted'] + 1
    work.gone = work.gone + 1
    work.chances = work.chances + 2
  end
  return true
end

-- Whether so much more fits, after others have given way: of those by expiry and the others, the ones that hold more.
local function make_room(q, units, limit)
  local work = { chances = CHANCES, passed = 0, gone = 0 }
  while q['#used'] + units > limit do
    if not advance(q, work) then return false end
  end
  return true
end
