-- Records what became of a batch of a warm-up, once: whoever began at another place than the job's has been overtaken.
-- KEYS: job, its URLs, its errors, open jobs
-- ARGV: id, from, to, done, failed, skipped, errors kept, then the errors
local id, from, to = ARGV[1], ARGV[2], tonumber(ARGV[3])
local job = redis.call('HMGET', KEYS[1], 'state', 'cursor', 'total')
if not job[1] then
  redis.call('ZREM', KEYS[4], id)
  return { 'gone' }
end
if job[1] ~= 'running' then return { job[1] } end
if job[2] ~= from then return { 'overtaken' } end
redis.call('HSET', KEYS[1], 'cursor', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'done', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'failed', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'skipped', ARGV[6])
for i = 8, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[i]) end
if #ARGV >= 8 then
  redis.call('LTRIM', KEYS[3], '0', string.format('%.0f', tonumber(ARGV[7]) - 1))
  redis.call('PEXPIRE', KEYS[3], string.format('%.0f', math.max(1, redis.call('PTTL', KEYS[1]))))
end
if to < tonumber(job[3]) then return { 'running' } end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'state', 'done', 'finished',
  string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)))
redis.call('ZREM', KEYS[4], id)
redis.call('DEL', KEYS[2])
return { 'done' }
