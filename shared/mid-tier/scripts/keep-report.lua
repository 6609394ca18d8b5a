-- Keeps what is reported of an experiment. What has ended stays as it was first reported; one that nobody began here,
-- or that was lost since, is taken in when it has ended.
-- KEYS: its report, the one that runs, all experiments, their count
-- ARGV: id, 'running' or 'over', kept ms, experiments remembered, its report's head, its course
local id, state = ARGV[1], ARGV[2]
local before = redis.call('HGET', KEYS[1], 'state')
if before == 'over' then return { 'known' } end
if not before and state ~= 'over' then return { 'absent' } end
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
if not before then
  redis.call('HSET', KEYS[1], 'digest', '', 'at', now, 'actor', '', 'reason', '')
  redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[4]), id)
  redis.call('ZREMRANGEBYRANK', KEYS[3], '0', string.format('%.0f', -1 - tonumber(ARGV[4])))
end
redis.call('HSET', KEYS[1], 'state', state, 'seen', now, 'head', ARGV[5], 'course', ARGV[6])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if state == 'over' and redis.call('GET', KEYS[2]) == id then redis.call('DEL', KEYS[2]) end
return { 'kept' }
