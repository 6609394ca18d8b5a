-- Ends a warm-up that is still going on; one that has ended stays as it is.
-- KEYS: job, its URLs, open jobs.  ARGV: id
local state = redis.call('HGET', KEYS[1], 'state')
redis.call('ZREM', KEYS[3], ARGV[1])
if not state then return { 'absent' } end
if state ~= 'running' then return { state } end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'state', 'cancelled', 'finished',
  string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)))
redis.call('DEL', KEYS[2])
return { 'cancelled' }
