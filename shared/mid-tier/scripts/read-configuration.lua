-- The configuration in force, what it was before its latest changes, and what is left of earlier ones, all of one instant.
-- KEYS: configuration, configuration before, traces of configuration
local t = redis.call('TIME')
local reply = { string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)) }
local function add(list)
  reply[#reply + 1] = string.format('%.0f', #list)
  for i = 1, #list do reply[#reply + 1] = list[i] end
end
add(redis.call('HGETALL', KEYS[1]))
add(redis.call('ZRANGE', KEYS[2], '0', '-1', 'WITHSCORES'))
add(redis.call('HGETALL', KEYS[3]))
return reply
