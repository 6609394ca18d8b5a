-- Reads an answer, or grants the right to fetch it, or says who stands in the way. One call decides.
-- KEYS: answer, lease, shard
-- ARGV: need epoch, need seq, as-of epoch, as-of seq, token ('' = only read), lease ms, id of an answer not wanted again,
-- how long a lease that overtook another is let stand (ms), map, life
local need_epoch, need_seq = tonumber(ARGV[1]), tonumber(ARGV[2])
local token = ARGV[5]
local now = now_ms()
-- For how long this shard has known the map: before, others may have held what is looked for.
local function settled()
  local since = tonumber(about_itself()[3] or '')
  return since and int(math.max(0, now - since)) or ''
end
if is_stranger() then return { 'stranger' } end

-- Whoever wrote something else under this name wrote no answer of ours: it is removed, and said.
local corrupt = '0'
local f = redis.pcall('HMGET', KEYS[1], 'id', 've', 'vs', 'at', 'm', 'b', 'd', 'vary', 'life', 'q', 'u')
if f.err then
  redis.call('DEL', KEYS[1])
  corrupt = '1'
  f = {}
end
-- From before this life of the shard: others have held newer answers since.
if (f[1] or f[8]) and MAP > 0 and f[9] ~= LIFE then
  redis.call('DEL', KEYS[1])
  f = {}
end
-- Asked for since the hand went by: it is passed over once. What it is not charged for nobody evicts. A database that is
-- full can't note it, and has the answer all the same.
local function visit()
  if f[10] and not f[11] then redis.pcall('HSET', KEYS[1], 'u', '1') end
end
if f[8] then
  visit()
  return { 'varies', f[8] }
end
if f[1] and f[1] ~= ARGV[7] then
  local at = tonumber(f[4] or '')
  -- Of what was granted later than now nobody can say any more how old it is: the clock has stepped back.
  if at and at <= now and f[2] and f[3] and f[5] and f[6] and f[7] then
    visit()
    return { 'hit', f[1], f[2], f[3], int(now - at), f[5], f[6], f[7], int(redis.call('PTTL', KEYS[1])), int(now) }
  end
  redis.call('DEL', KEYS[1])
  corrupt = '1'
end

-- Granted before the clock was set back, it would stand for as long as that besides. A holder who is alive renews it.
local function left_of_lease()
  local left = redis.call('PTTL', KEYS[2])
  if token == '' or left <= tonumber(ARGV[6]) then return int(math.max(0, left)) end
  redis.pcall('PEXPIRE', KEYS[2], ARGV[6])
  return ARGV[6]
end

local held, how = redis.pcall('GET', KEYS[2]), ''
if type(held) == 'table' then
  redis.call('DEL', KEYS[2])
  held = false
end
if held == 'uncacheable' or held == 'large' or held == 'validated' or held == 'failing' then return { held } end
if held then
  local owner, epoch, seq, granted, was = string.match(held, '^(%S+) (%d+) (%d+) (%d+)( ?%a*)$')
  epoch, seq = tonumber(epoch), tonumber(seq)
  if owner and owner == token then return { 'leased', corrupt, settled(), int(now) } end
  -- A lease from before an invalidation that the caller knows of can only bring what was invalidated. One that was taken
  -- over for that stands for a while: invalidated faster than it is fetched, a key would have no holder who gets to fill it.
  local old = not owner or epoch < need_epoch or (epoch == need_epoch and seq < need_seq)
  local stands = old and was == ' overtaking' and epoch == need_epoch and now - tonumber(granted) < tonumber(ARGV[8])
  if not old or stands then return { 'taken', left_of_lease() } end
  if owner then how = ' overtaking' end
end
if token == '' then return { 'absent', corrupt, settled(), int(now) } end
if is_outdated() then return { 'outdated' } end
redis.call('SET', KEYS[2], token .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. int(now) .. how, 'PX', ARGV[6])
return { 'leased', corrupt, settled(), int(now) }
