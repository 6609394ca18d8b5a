-- Stores an answer fetched under a lease: only while the lease is held, never over a newer or a dirty one.
-- A retried fill finds its own id and answers as the first did.
-- KEYS: answer, lease, primary (the answer's own key where it is no variant)
-- ARGV: token, id, as-of epoch, as-of seq, keep ms, record, body, digest, names it varies on ('' = none)
local token, id = ARGV[1], ARGV[2]
local epoch, seq = tonumber(ARGV[3]), tonumber(ARGV[4])

local e = redis.pcall('HMGET', KEYS[1], 'id', 'ae', 'as', 'dirty')
if e.err then
  redis.call('DEL', KEYS[1])
  e = {}
end
if e[1] == id then return { 'stored' } end

local held = redis.call('GET', KEYS[2])
local owner, granted = nil, nil
if held then owner, granted = string.match(held, '^(%S+) %d+ %d+ (%d+)$') end
if owner ~= token then return { 'refused', 'lease' } end
redis.call('DEL', KEYS[2])
if e[4] then return { 'refused', 'dirty' } end
local there_epoch, there_seq = tonumber(e[2] or ''), tonumber(e[3] or '')
if there_epoch and there_seq and (there_epoch > epoch or (there_epoch == epoch and there_seq > seq)) then
  return { 'refused', 'as-of' }
end

redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', id, 'ae', ARGV[3], 'as', ARGV[4], 've', ARGV[3], 'vs', ARGV[4], 'at', granted,
  'm', ARGV[6], 'b', ARGV[7], 'd', ARGV[8])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if KEYS[3] ~= KEYS[1] then
  local life = redis.call('PTTL', KEYS[3])
  if not redis.call('HGET', KEYS[3], 'dirty') then
    redis.call('DEL', KEYS[3])
    redis.call('HSET', KEYS[3], 'vary', ARGV[9])
    redis.call('PEXPIRE', KEYS[3], string.format('%.0f', math.max(life, tonumber(ARGV[5]))))
  end
end
return { 'stored' }
