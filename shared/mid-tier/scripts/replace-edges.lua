-- Replaces the list of edges at once, and keeps who has left it, and when: they may go on serving.
-- KEYS: listed edges, departed edges, sightings
-- ARGV: the environment's own text, 'adopt' (only where that text is new) or 'replace', how long the departed are kept
--       in ms, number of edges that the environment names, their ids, then id and edge of the new list
local ENVIRONMENT, EDITION = '/environment', '/edition'
local environment, mode, kept, named = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local in_force = redis.call('HGET', KEYS[1], ENVIRONMENT) == environment
if in_force and mode == 'adopt' then return { 'replaced' } end

local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(id, 1, 1) ~= '/' then redis.call('HSET', KEYS[2], id, now) end
end
-- While the list that was kept did not count, the environment's did.
for i = 5, 4 + named do
  if not in_force then redis.call('HSET', KEYS[2], ARGV[i], now) end
end

local edition = tonumber(redis.call('HGET', KEYS[1], EDITION) or '0') + 1
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], ENVIRONMENT, environment)
redis.call('HSET', KEYS[1], EDITION, string.format('%.0f', edition))
for i = 5 + named, #ARGV - 1, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  redis.call('HDEL', KEYS[2], ARGV[i])
end

local departed = redis.call('HGETALL', KEYS[2])
for i = 1, #departed, 2 do
  if tonumber(departed[i + 1]) < tonumber(now) - kept then
    redis.call('HDEL', KEYS[2], departed[i])
    redis.call('HDEL', KEYS[3], departed[i])
  end
end
return { 'replaced' }
