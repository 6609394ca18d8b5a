-- Works out anew what a number of records must hash to, and says of the first that does not what is wrong with it.
-- KEYS: records, head.  ARGV: number to begin with ('' for the oldest), hash of the one before it, most records
local h = redis.call('HMGET', KEYS[2], 'seq', 'hash', 'first', 'anchor', 'earlier')
local count = redis.call('HLEN', KEYS[1])
local newest, first = tonumber(h[1] or ''), tonumber(h[3] or '')
local function int(n) return string.format('%.0f', n) end
local function fault(seq, why) return { 'fault', int(seq), why, int(first or 1) } end
if not (newest and h[2] and first) then
  if count > 0 then return fault(1, 'headless') end
  return { 'verified', '', '', '', '', '1', '0' }
end
local from, hash = tonumber(ARGV[1]), ARGV[2]
-- What was trimmed meanwhile had been verified, or is past all verifying.
if not from or from < first then from, hash = first, h[4] end
local to = math.min(newest, from + tonumber(ARGV[3]) - 1)
for s = from, to do
  local record = redis.call('HGET', KEYS[1], int(s))
  if not record then return fault(s, 'missing') end
  local own, previous, claimed, said = string.match(record, '^(%S+) (%S+) (%S+) (.*)$')
  if not own then return fault(s, 'unreadable') end
  if own ~= int(s) then return fault(s, 'moved') end
  if redis.sha1hex(previous .. ' ' .. own .. ' ' .. said) ~= claimed then return fault(s, 'changed') end
  if previous ~= hash then return fault(s, 'unlinked') end
  hash = claimed
end
if to < newest then return { 'verified', int(to + 1), hash, int(newest), h[2], int(first), h[5] or '0' } end
if hash ~= h[2] then return fault(newest, 'head') end
if count ~= newest - first + 1 then
  return fault(redis.call('HEXISTS', KEYS[1], int(newest + 1)) == 1 and newest + 1 or newest, 'inserted')
end
return { 'verified', '', '', int(newest), h[2], int(first), h[5] or '0' }
