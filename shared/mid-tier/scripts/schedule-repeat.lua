-- Notes an invalidation to be appended again at a time, once, and never more than so many of them.
-- KEYS: repeats by time, their work.  ARGV: id, due ms since 1970, work, most
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return { 'scheduled' } end
local waiting = redis.call('ZCARD', KEYS[1])
if waiting >= tonumber(ARGV[4]) then return { 'full' } end
-- When they were last looked for, by a clock of before anything of this waited, says nothing (`due-repeats.lua`).
if waiting == 0 then redis.call('HDEL', KEYS[2], '/looked-at') end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
return { 'scheduled' }
