-- Renews somebody's watch on requests, and hands over what edges have told since he read last.
-- Answers `full` where as many watch as may, else `read`, the place up to which he has read, and the batches.
-- KEYS: the watches, the batches, their count
-- ARGV: id, the watch, how long it lasts in ms, the place after which to read ('' from now on), most batches, most watches
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local others = 0
local watches = redis.call('HGETALL', KEYS[1])
for i = 1, #watches - 1, 2 do
  local ends = tonumber(string.match(watches[i + 1], '^(%d+) ') or '0')
  if watches[i] ~= ARGV[1] then
    if ends <= now then redis.call('HDEL', KEYS[1], watches[i]) else others = others + 1 end
  end
end
if others >= tonumber(ARGV[6]) then return { 'full' } end

redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + tonumber(ARGV[3])) .. ' ' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])

local count = redis.call('GET', KEYS[3]) or '0'
-- A place beyond the count is of a time before all was forgotten.
if ARGV[4] == '' or tonumber(ARGV[4]) > tonumber(count) then return { 'read', count } end
local answer = { 'read', ARGV[4] }
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[4], '+inf', 'WITHSCORES', 'LIMIT', '0', ARGV[5])
for i = 1, #found - 1, 2 do
  answer[2] = found[i + 1]
  answer[#answer + 1] = found[i]
end
return answer
