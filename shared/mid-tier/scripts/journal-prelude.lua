-- Shared by the journal's scripts. Of one key of the cache: its value (tg:jv:), the operations that the origin does not
-- have yet, oldest first (tg:jk:), each a hash of its own (tg:jo:). Keys are named as in keys.ts.
-- Values that the origin has, by when they end if nobody uses them; what each value is charged, and the sum of that and
-- of what waits.
local VALUES, SIZES, SUMS = 'tg:j:values', 'tg:j:sizes', 'tg:j:figures'
-- What Redis needs for a value beside its record and body.
local ENTRY = 512
-- For how many ms a delivery's place in the log is known where no value is kept: by then whoever takes writes of its key
-- has heard of it.
local UNHEARD = '30000'

local function charge(digest, octets)
  local before = tonumber(redis.call('HGET', SIZES, digest) or '0')
  redis.call('HSET', SIZES, digest, int(octets))
  redis.call('HINCRBY', SUMS, 'octets', int(octets - before))
end

-- What an operation is charged is kept with it.
local function charge_operation(name, octets)
  local before = tonumber(redis.call('HGET', name, 'z') or '0')
  redis.call('HSET', name, 'z', int(octets))
  redis.call('HINCRBY', SUMS, 'octets', int(octets - before))
end

local function end_operation(name)
  redis.call('HINCRBY', SUMS, 'octets', int(0 - tonumber(redis.call('HGET', name, 'z') or '0')))
  redis.call('DEL', name)
end

-- Writes from one account of the ledger to another (docs/write-back.md): whatever was accepted is in one of them.
local function move(from, to, writes)
  redis.call('HINCRBY', SUMS, from, int(0 - tonumber(writes)))
  redis.call('HINCRBY', SUMS, to, writes)
end

local function forget(digest)
  redis.call('DEL', 'tg:jv:' .. digest)
  redis.call('ZREM', VALUES, digest)
  local before = tonumber(redis.call('HGET', SIZES, digest) or '0')
  redis.call('HDEL', SIZES, digest)
  redis.call('HINCRBY', SUMS, 'octets', int(0 - before))
end

-- Up to which instant what stands here came back with an older copy that lacks deliveries: the origin may have all of
-- that, and newer values of its keys.
local function older_until()
  return tonumber(redis.call('HGET', SUMS, 'older_until') or '0')
end

-- What is written or decided from now on is younger, also where this clock is behind the one by which that was noted.
local function younger(now, older)
  return int(math.max(now, older + 1))
end

-- Or it is known of an operation alone: `marked`.
local function is_older(at, marked, older)
  return marked or older > 0 and tonumber(at or '0') <= older
end

-- Whether the first of what waits of a key has been refused by the origin, or is older than what that may have: until it
-- is delivered or dropped nothing of the key is shown, and the origin is not asked whether it allows what is behind it.
-- And whether it is the latter.
local function waits_for_decision(digest)
  local first = redis.call('LINDEX', 'tg:jk:' .. digest, '0')
  if not first then return false, false end
  local o = redis.call('HMGET', 'tg:jo:' .. first, 'refused', 'at', 'older')
  local older = is_older(o[2], o[3], older_until())
  return o[1] or older, older
end

-- Nothing waits of the key any more: its value may end, or goes where nobody can vouch for it. The place that its
-- delivery has in the log stays for the next write.
local function quieten(digest, id, epoch, seq, alone)
  local value = 'tg:jv:' .. digest
  local v = redis.call('HMGET', value, 'o', 'gone', 'ttl')
  local kept = alone and v[1] == id and not v[2] and v[3]
  if not kept then forget(digest) end
  redis.call('HSET', value, 've', epoch, 'vs', seq)
  redis.call('PEXPIRE', value, kept or UNHEARD)
  if not kept then return end
  redis.call('HDEL', value, 'dirty')
  redis.call('ZADD', VALUES, int(now_ms() + tonumber(v[3])), digest)
end
