-- Records what became of a batch of a warm-up, once: whoever began at another place than the job's has been overtaken.
-- Places from the total on are of what was left for later, which stands in a queue of its own.
-- KEYS: job, its URLs, its errors, open jobs, what is for later
-- ARGV: id, from, to, done, failed, skipped, errors kept, number of errors, then the errors, then what is for later
local id, from, to, errors = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[8])
local job = redis.call('HMGET', KEYS[1], 'state', 'cursor', 'total')
if not job[1] then
  redis.call('ZREM', KEYS[4], id)
  return { 'gone' }
end
if job[1] ~= 'running' then return { job[1] } end
if job[2] ~= from then return { 'overtaken' } end

local function int(n)
  return string.format('%.0f', n)
end

local kept = int(math.max(1, redis.call('PTTL', KEYS[1])))
redis.call('HSET', KEYS[1], 'cursor', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'done', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'failed', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'skipped', ARGV[6])
for i = 9, 8 + errors do redis.call('RPUSH', KEYS[3], ARGV[i]) end
if errors > 0 then
  redis.call('LTRIM', KEYS[3], '0', int(tonumber(ARGV[7]) - 1))
  redis.call('PEXPIRE', KEYS[3], kept)
end
if tonumber(from) >= tonumber(job[3]) then redis.call('LTRIM', KEYS[5], int(to - tonumber(from)), '-1') end
for i = 9 + errors, #ARGV do redis.call('RPUSH', KEYS[5], ARGV[i]) end
redis.call('PEXPIRE', KEYS[5], kept)
local later = redis.call('LLEN', KEYS[5])
redis.call('HSET', KEYS[1], 'later', int(later))
if to < tonumber(job[3]) or later > 0 then return { 'running' } end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'state', 'done', 'finished',
  int(tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)))
redis.call('ZREM', KEYS[4], id)
redis.call('DEL', KEYS[2], KEYS[5])
return { 'done' }
