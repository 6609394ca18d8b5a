-- Begins an experiment, once per id, and only while no other runs.
-- KEYS: its report, the one that runs, all experiments, their count
-- ARGV: id, digest of the request, kept ms, experiments remembered, who asked, why, its report's head
local id, digest = ARGV[1], ARGV[2]
local there = redis.call('HGET', KEYS[1], 'digest')
if there then return { there == digest and 'exists' or 'conflict' } end
local running = redis.call('GET', KEYS[2])
if running then return { 'busy', running } end
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
redis.call('HSET', KEYS[1], 'digest', digest, 'state', 'running', 'at', now, 'seen', now, 'actor', ARGV[5],
  'reason', ARGV[6], 'head', ARGV[7], 'course', '')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], id)
redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[4]), id)
redis.call('ZREMRANGEBYRANK', KEYS[3], '0', string.format('%.0f', -1 - tonumber(ARGV[4])))
return { 'begun' }
