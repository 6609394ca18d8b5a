-- Stores an answer fetched under a lease: only while the lease is held, never over a newer or a dirty one.
-- A retried fill finds its own id and answers as the first did. A copy of what another shard holds needs no lease: its
-- sender knows an instant of this shard's clock, and how old the answer was then at the least.
-- KEYS: answer, lease, primary (the answer's own key where it is no variant), the primary's variants, shard
-- ARGV: token ('' = a copy), id, as-of epoch, as-of seq, keep ms, record, body, digest, how its resource varies, variants
-- at most, verified epoch, verified seq, a copy's instant, ms that had passed by then since it was granted, map, life
local token, id = ARGV[1], ARGV[2]
local epoch, seq = tonumber(ARGV[3]), tonumber(ARGV[4])

if is_stranger() then return { 'refused', 'stranger' } end
if is_outdated() then return { 'refused', 'map' } end
local e = redis.pcall('HMGET', KEYS[1], 'id', 'ae', 'as', 'dirty', 'life')
if e.err then
  redis.call('DEL', KEYS[1])
  e = {}
end
if e[1] == id and (MAP == 0 or e[5] == LIFE) then return { 'stored', '0' } end

local granted = ARGV[13]
if token ~= '' then
  local held = redis.call('GET', KEYS[2])
  local owner = nil
  if held then owner, granted = string.match(held, '^(%S+) %d+ %d+ (%d+)$') end
  if owner ~= token then return { 'refused', 'lease' } end
  redis.call('DEL', KEYS[2])
end
if e[4] then return { 'refused', 'dirty' } end
local there_epoch, there_seq = tonumber(e[2] or ''), tonumber(e[3] or '')
if MAP > 0 and e[5] ~= LIFE then there_epoch = nil end
if there_epoch and there_seq and (there_epoch > epoch or (there_epoch == epoch and there_seq > seq)) then
  return { 'refused', 'as-of' }
end

redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', id, 'ae', ARGV[3], 'as', ARGV[4], 've', ARGV[11], 'vs', ARGV[12],
  'at', int(tonumber(granted) - tonumber(ARGV[14])), 'm', ARGV[6], 'b', ARGV[7], 'd', ARGV[8], 'life', LIFE)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if KEYS[3] == KEYS[1] then return { 'stored', '0' } end

-- A variant: its resource learns how its answers vary, in the union over time, and keeps no more of them than its limit.
local now = now_ms()
local keep = tonumber(ARGV[5])
local p = redis.pcall('HMGET', KEYS[3], 'vary', 'dirty', 'life')
if not p.err and not p[2] then
  if MAP > 0 and p[3] ~= LIFE then p = {} end
  local seen, words = {}, {}
  for word in string.gmatch((p[1] or '') .. ' ' .. ARGV[9], '%S+') do
    if not seen[word] then
      seen[word] = true
      words[#words + 1] = word
    end
  end
  local life = p[1] and redis.call('PTTL', KEYS[3]) or 0
  redis.call('DEL', KEYS[3])
  redis.call('HSET', KEYS[3], 'vary', table.concat(words, ' '), 'life', LIFE)
  redis.call('PEXPIRE', KEYS[3], string.format('%.0f', math.max(life, keep)))
end
local listed = redis.pcall('ZADD', KEYS[4], string.format('%.0f', now + keep), KEYS[1])
if type(listed) == 'table' then
  redis.call('DEL', KEYS[4])
  redis.call('ZADD', KEYS[4], string.format('%.0f', now + keep), KEYS[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[4], string.format('%.0f', math.max(redis.call('PTTL', KEYS[4]), keep)))
local displaced = 0
local excess = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[10])
if excess > 0 then
  -- One more than has to go: this one is never it.
  for _, variant in ipairs(redis.call('ZRANGE', KEYS[4], '0', string.format('%.0f', excess))) do
    if displaced < excess and variant ~= KEYS[1] and not redis.call('HGET', variant, 'dirty') then
      redis.call('DEL', variant)
      redis.call('ZREM', KEYS[4], variant)
      displaced = displaced + 1
    end
  end
end
return { 'stored', string.format('%.0f', displaced) }
