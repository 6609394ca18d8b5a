-- Takes in what a document told a warm-up that is listing, once: whoever read another one than is next has been overtaken.
-- KEYS: job, its URLs, open jobs, its documents, names it has seen, its errors
-- ARGV: id, the document as it stands in the queue, what takes its place in front ('' for nothing), what is put behind all
-- ('' for nothing), documents at most, URLs at most, number of variants, how many were refused, errors kept, the error where
-- documents are left out, the one where URLs are, number of documents found, number of errors, then name and text of each
-- document, then the errors, then the URLs
local id, front, behind = ARGV[1], ARGV[3], ARGV[4]
local state = redis.call('HGET', KEYS[1], 'state')
if not state then
  redis.call('ZREM', KEYS[3], id)
  return { 'gone' }
end
if state ~= 'listing' then return { state } end
if redis.call('LINDEX', KEYS[4], '0') ~= ARGV[2] then return { 'overtaken' } end

local function int(n)
  return string.format('%.0f', n)
end

local counts = redis.call('HMGET', KEYS[1], 'listed', 'found', 'full')
local listed, found, full = tonumber(counts[1]), tonumber(counts[2]), counts[3]
local refused = tonumber(ARGV[8])
local documents, errors = tonumber(ARGV[12]), tonumber(ARGV[13])

local function tell(message)
  redis.call('RPUSH', KEYS[6], message)
end

redis.call('LPOP', KEYS[4])
if front ~= '' then redis.call('LPUSH', KEYS[4], front) end
local at = 14
for i = at, at + 2 * documents - 1, 2 do
  if redis.call('SADD', KEYS[5], 'document ' .. ARGV[i]) == 1 then
    if found < tonumber(ARGV[5]) then
      redis.call('RPUSH', KEYS[4], ARGV[i + 1])
      found = found + 1
    elseif not full then
      full = 'documents'
      refused = refused + 1
      tell(ARGV[10])
    end
  end
end
at = at + 2 * documents
for i = at, at + errors - 1 do tell(ARGV[i]) end
for i = at + errors, #ARGV do
  if redis.call('SADD', KEYS[5], ARGV[i]) == 1 then
    if listed < tonumber(ARGV[6]) then
      redis.call('RPUSH', KEYS[2], ARGV[i])
      listed = listed + 1
    elseif full ~= 'urls' then
      full = 'urls'
      refused = refused + 1
      tell(ARGV[11])
    end
  end
end
if full == 'urls' then redis.call('DEL', KEYS[4])
elseif behind ~= '' then redis.call('RPUSH', KEYS[4], behind) end
if full then redis.call('HSET', KEYS[1], 'full', full) end
if front == '' and behind == '' then redis.call('HINCRBY', KEYS[1], 'read', '1') end
redis.call('HINCRBY', KEYS[1], 'refused', int(refused))
redis.call('HSET', KEYS[1], 'listed', int(listed), 'found', int(found), 'total',
  int(listed * math.max(1, tonumber(ARGV[7]))))
redis.call('LTRIM', KEYS[6], '0', int(tonumber(ARGV[9]) - 1))
local kept = int(math.max(1, redis.call('PTTL', KEYS[1])))
for _, k in ipairs({ 2, 4, 5, 6 }) do redis.call('PEXPIRE', KEYS[k], kept) end
if redis.call('LLEN', KEYS[4]) > 0 then return { 'listing' } end

local t = redis.call('TIME')
local now = int(tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
redis.call('DEL', KEYS[5])
if listed > 0 then
  redis.call('HSET', KEYS[1], 'state', 'running', 'began', now)
  return { 'running' }
end
redis.call('HSET', KEYS[1], 'state', 'done', 'finished', now)
redis.call('ZREM', KEYS[3], id)
return { 'done' }
