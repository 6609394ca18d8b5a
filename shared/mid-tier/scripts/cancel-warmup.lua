-- Ends a warm-up that is still going on; one that has ended stays as it is.
-- KEYS: job, open jobs, then what it holds: URLs, documents, names it has seen, what is for later.  ARGV: id
local state = redis.call('HGET', KEYS[1], 'state')
redis.call('ZREM', KEYS[2], ARGV[1])
if not state then return { 'absent' } end
if state ~= 'running' and state ~= 'listing' then return { state } end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'state', 'cancelled', 'finished',
  string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)))
redis.call('DEL', KEYS[3], KEYS[4], KEYS[5], KEYS[6])
return { 'cancelled' }
