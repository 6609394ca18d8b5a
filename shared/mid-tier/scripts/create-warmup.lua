-- Begins a warm-up, once per id. While there are documents to be read for it, it is listing.
-- KEYS: job, its URLs, open jobs, its documents, names it has seen, all jobs, their count
-- ARGV: id, digest of the request, kept ms, by how many ms it stands behind those that begin with it, jobs remembered,
-- number of variants, number of fields, number of documents, then field and value, then name and text of each document,
-- then the URLs
local id, digest, kept, behind = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local variants, fields, documents = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local there = redis.call('HGET', KEYS[1], 'digest')
if there then return { there == digest and 'exists' or 'conflict' } end

local function int(n)
  return string.format('%.0f', n)
end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local first = 9 + 2 * fields
local urls = first + 2 * documents
local listed = #ARGV - urls + 1
redis.call('HSET', KEYS[1], 'digest', digest, 'state', documents > 0 and 'listing' or 'running', 'at', int(now),
  'listed', int(listed), 'total', int(listed * math.max(1, variants)), 'refused', '0', 'found', int(documents), 'read', '0',
  'cursor', '0', 'done', '0', 'failed', '0', 'skipped', '0')
for i = 9, first - 1, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = first, urls - 1, 2 do
  redis.call('SADD', KEYS[5], 'document ' .. ARGV[i])
  redis.call('RPUSH', KEYS[4], ARGV[i + 1])
end
for i = urls, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[i])
  -- Only what is still to be read may name it again.
  if documents > 0 then redis.call('SADD', KEYS[5], ARGV[i]) end
end
redis.call('ZADD', KEYS[3], int(now + behind), id)
for _, k in ipairs({ 1, 2, 4, 5 }) do redis.call('PEXPIRE', KEYS[k], kept) end
redis.call('ZADD', KEYS[6], int(redis.call('INCR', KEYS[7])), id)
redis.call('ZREMRANGEBYRANK', KEYS[6], '0', int(-1 - tonumber(ARGV[5])))
return { 'created' }
