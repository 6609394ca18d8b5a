-- Begins a warm-up, once per id.
-- KEYS: job, its URLs, open jobs
-- ARGV: id, digest of the request, kept ms, by how many ms it stands behind those that begin with it, number of fields, then field and value, then the URLs
local id, digest, kept, behind, fields = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local there = redis.call('HGET', KEYS[1], 'digest')
if there then return { there == digest and 'exists' or 'conflict' } end

local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
local first = 6 + 2 * fields
local total = #ARGV - first + 1
redis.call('HSET', KEYS[1], 'digest', digest, 'state', 'running', 'at', now, 'total', string.format('%.0f', total),
  'cursor', '0', 'done', '0', 'failed', '0', 'skipped', '0')
for i = 6, first - 1, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = first, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
redis.call('ZADD', KEYS[3], string.format('%.0f', tonumber(now) + behind), id)
redis.call('PEXPIRE', KEYS[1], kept)
redis.call('PEXPIRE', KEYS[2], kept)
return { 'created' }
