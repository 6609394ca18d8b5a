-- Takes in what became of operations that were claimed, and hands out the next ones of some partitions: of each key the
-- oldest alone, and to one flusher at a time, for longer than any may take over it.
-- KEYS: operations, parked, figures
-- ARGV: for how many ms they are claimed, operations at most, octets at most, partitions with commas between, lanes
-- and sites of which none is handed out (a line each), for how many ms what is put off is not due, position of the log (epoch,
-- seq) up to which the flusher knows all ('' for none), who claims, and when this journal last took in from it what the
-- origin has ('' = never); then of each result: digest of the key, id, fence, outcome, two words more, and
-- which write was sent
--   delivered epoch seq  the origin has it, the log was told at this place, and so far nothing else has hit the key
--   hit epoch seq        the same, but something else may have
--   done delay why       the origin has it, and the log is still to be told
--   retry delay why      it may have it
--   held delay why       it was not asked
--   refused why          the origin does not take it
--   dead why             nothing more is known of it
-- Replies: partitions that have keys due still, with commas between, when this call took in what the origin has ('' = it
-- did not), then of each operation its fields in one order
-- Keys that one call looks at in all, to find what is behind that which it may not hand out: some 20 ms.
local LOOKED_AT = 2000
-- As much as so many looks more.
local PARKING = 3
local OPS, PARKED, FIGURES = KEYS[1], KEYS[2], KEYS[3]
local now = now_ms()
-- A database that is full refuses scripts whose first write may take room, and what is delivered makes room.
redis.call('ZREM', PARKED, '')

local f = redis.call('HMGET', FIGURES, 'fence', 'older_until')
local drawn, older = tonumber(f[1] or '0'), tonumber(f[2] or '0')
-- It lacks what it was told at that time, so all that it has from before is of an older copy.
local function comes_back_older(than)
  older = math.max(older, tonumber(than))
  redis.call('HSET', FIGURES, 'older_until', int(older), 'older_found', int(now))
end

-- Who has told it of deliveries, by when; for twice as long as somebody may find himself forgotten.
local TOLD, TOLD_FOR = 'tg:j:told', 3600000
local told_at = tonumber(redis.call('ZSCORE', TOLD, ARGV[9]) or '0')
if ARGV[10] ~= '' and now - tonumber(ARGV[10]) < TOLD_FOR and told_at < tonumber(ARGV[10]) then
  comes_back_older(ARGV[10])
  -- Found once: the clock of what has come back may be behind.
  told_at = tonumber(ARGV[10])
  redis.call('ZADD', TOLD, int(told_at), ARGV[9])
end

local function advance(due, digest, queue)
  if redis.call('LLEN', queue) > 0 then
    redis.call('ZADD', due, int(now), digest)
  else
    redis.call('ZREM', due, digest)
  end
end

local function park(digest, id, op, why)
  local o = redis.call('HMGET', op, 'p', 'n')
  redis.call('HSET', op, 'dead', '1', 'why', why)
  redis.call('HDEL', op, 'fence')
  redis.call('ZADD', PARKED, int(now), id)
  move('pending', 'dead', o[2])
  redis.call('ZREM', 'tg:j:due:' .. o[1], digest)
end

-- What is known of the log before the first try that the origin may have taken, by whoever was handed it, counts for all
-- that come after: one of these may be told of what the first has done.
local NOT_ASKED = 'not asked'
local function since_first_asked(op, tries, fence)
  local noted = redis.call('HMGET', op, 'se', 'ss')
  if noted[1] and noted[1] ~= NOT_ASKED then return noted[1], noted[2] end
  -- Of tries that a release before this one has made nothing is known.
  local is_known = int(tonumber(noted[2] or '0') + 1) == tries
  local se, ss = is_known and ARGV[7] or '', is_known and ARGV[8] or ''
  redis.call('HSET', op, 'se', se, 'ss', ss, 'sf', fence)
  return se, ss
end

-- The origin may have had it by a claim that is not known here: as it stands, or a later write that was merged with it and
-- that it would undo.
local function note_lost_try(digest, id, op, is_same)
  if is_same then
    redis.call('HSET', op, 'had', '1', 'sent', '1')
    local se = redis.call('HGET', op, 'se')
    if not se or se == NOT_ASKED then redis.call('HSET', op, 'se', '', 'ss', '') end
  else
    withdraw_older(digest, id, op)
    redis.call('HSET', op, 'lost', int(now))
    redis.call('HDEL', op, 'decided')
  end
end

local takes_deliveries = false
local function take_in(digest, id, fence, outcome, first, second, request)
  local op, queue = 'tg:jo:' .. id, 'tg:jk:' .. digest
  local o = redis.call('HMGET', op, 'fence', 'n', 'dead', 'p', 'sf', 'i', 'done')
  -- What has been sent nothing is merged with: with another write in it, it was handed out by what this was before it came
  -- back. So it was under a number that is still to be drawn.
  local is_same = o[6] == request
  local is_lost = tonumber(fence) > drawn or o[6] and not is_same
  if outcome == 'delivered' or outcome == 'hit' or outcome == 'done' then
    takes_deliveries = true
    if is_lost then comes_back_older(math.floor(tonumber(fence) / 1000)) end
  elseif is_lost and o[6] and outcome ~= 'held' and not o[3] and not o[7] then
    note_lost_try(digest, id, op, is_same)
  end
  -- Somebody else's by now, or nobody's: too late to say anything of it.
  if o[1] ~= fence or o[3] then return end
  local due = 'tg:j:due:' .. o[4]
  if outcome == 'delivered' or outcome == 'hit' then
    redis.call('LREM', queue, '1', id)
    end_operation(op)
    redis.call('ZREM', OPS, id)
    move('pending', 'delivered', o[2])
    local next = redis.call('LINDEX', queue, '0')
    if next then
      redis.call('HSET', 'tg:jo:' .. next, 've', first, 'vs', second)
    else
      quieten(digest, id, first, second, outcome == 'delivered')
    end
    advance(due, digest, queue)
  elseif outcome == 'refused' or outcome == 'dead' then
    if outcome == 'refused' then
      withdraw(digest, id, op)
      redis.call('HDEL', op, 'older')
    end
    park(digest, id, op, first)
  else
    if outcome == 'done' then
      redis.call('HSET', op, 'done', '1')
      redis.call('HSETNX', op, 'taken_by', fence)
    end
    if outcome == 'held' and o[5] == fence then
      redis.call('HSET', op, 'se', NOT_ASKED, 'ss', redis.call('HGET', op, 'tries'))
    end
    redis.call('HSET', op, 'why', second)
    redis.call('HDEL', op, 'fence')
    redis.call('ZADD', due, int(now + tonumber(first)), digest)
  end
end

for i = 11, #ARGV, 7 do take_in(unpack(ARGV, i, i + 6)) end

if takes_deliveries then
  -- Grows with each telling, whatever the clock does.
  told_at = math.max(told_at + 1, now)
  redis.call('ZADD', TOLD, int(told_at), ARGV[9])
  redis.call('ZREMRANGEBYSCORE', TOLD, '-inf', int(now - 2 * TOLD_FOR))
end

local left, octets = tonumber(ARGV[2]), tonumber(ARGV[3])
local reply = { '', takes_deliveries and int(told_at) or '' }
local looks, parked = LOOKED_AT, 0
local except = {}
for name in string.gmatch(ARGV[5], '[^\n]+') do except[name] = true end
-- All of a key, so that somebody can decide about all of it.
local function park_older(digest)
  for _, id in ipairs(redis.call('LRANGE', 'tg:jk:' .. digest, '0', '-1')) do
    local op = 'tg:jo:' .. id
    local o = redis.call('HMGET', op, 'at', 'done', 'decided', 'dead', 'older')
    if is_older(o[1], o[5], older) and not o[2] and not o[4] and tonumber(o[3] or '0') <= older then
      withdraw_older(digest, id, op)
      park(digest, id, op, 'came back with an older copy of the journal')
      parked = parked + 1
      looks = looks - PARKING
    end
  end
end

local function hand_out(due, digest, many)
  local id = redis.call('LINDEX', 'tg:jk:' .. digest, '0')
  if not id then
    redis.call('ZREM', due, digest)
    return
  end
  local op = 'tg:jo:' .. id
  local of = redis.call('HMGET', op, 's', 'tries', 'first', 'done', 'at', 'decided', 'dead', 'taken_by', 'older')
  local site = of[1] or ''
  -- Parked together with what was before it.
  if of[7] then
    redis.call('ZREM', due, digest)
    return
  end
  -- Sent once more it could undo what came after it.
  if not of[4] and is_older(of[5], of[9], older) and tonumber(of[6] or '0') <= older then
    park_older(digest)
    return
  end
  -- What has failed before may hang once more: it must not hold up what is new of its site.
  local lane = (of[2] == '0' and 'new ' or 'again ') .. site
  -- What the origin has already it is not asked for.
  if not of[4] and (except[lane] or except[site]) then
    -- What is new of a site that may be asked is left to whoever has room for it, unless it hides what is behind it.
    if many or of[2] ~= '0' or except[site] then
      redis.call('ZADD', due, int(now + tonumber(ARGV[6])), digest)
    end
    return
  end
  -- By the clock: what a replica lacks after a failover it must not hand out again, lower than what the origin has seen. In
  -- microseconds, or a burst of claims would put it ahead of that.
  local last, time = tonumber(redis.call('HGET', FIGURES, 'fence') or '0'), redis.call('TIME')
  local fence = int(math.max(last + 1, tonumber(time[1]) * 1000000 + tonumber(time[2])))
  local tries, first = int(tonumber(of[2] or '0') + 1), of[3] or int(now)
  redis.call('HSET', FIGURES, 'fence', fence)
  redis.call('HSET', op, 'sent', '1', 'fence', fence, 'first', first, 'tries', tries)
  redis.call('ZADD', due, int(now + tonumber(ARGV[1])), digest)
  local o = redis.call('HMGET', op, 'me', 'u', 'r', 'm', 'b', 'd', 'kind', 'p', 'i', 've', 'vs', 'had')
  local se, ss = since_first_asked(op, tries, fence)
  octets = octets - #(o[5] or '')
  left = left - 1
  for _, word in ipairs({ id, digest, fence, site, o[1], o[2], o[3], o[4], o[5], o[6], tries,
    int(now - tonumber(first)), of[4] and (of[8] or fence) or '', o[7], o[8], o[9], lane, o[10] or '', o[11] or '', se, ss, o[12] or '' }) do
    reply[#reply + 1] = word
  end
end

local partitions, more = {}, {}
-- Whether there may be more behind what was parked.
local function look_in(due)
  -- Past what may not be handed out, as far as this call looks.
  local found = redis.call('ZRANGEBYSCORE', due, '-inf', int(now), 'LIMIT', '0', int(next(except) and looks or left))
  local before = parked
  looks = looks - #found
  for _, digest in ipairs(found) do
    if left > 0 and octets > 0 then hand_out(due, digest, looks <= 0) end
  end
  return parked > before
end
for partition in string.gmatch(ARGV[4], '%d+') do partitions[#partitions + 1] = partition end
-- Each of them is the first by turns.
for i = 1, #partitions do
  local partition = partitions[(drawn + now + i) % #partitions + 1]
  local due = 'tg:j:due:' .. partition
  while left > 0 and octets > 0 and looks > 0 and look_in(due) do end
  if redis.call('ZCOUNT', due, '-inf', int(now)) > 0 then more[#more + 1] = partition end
end
reply[1] = table.concat(more, ',')
return reply
