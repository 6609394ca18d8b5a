-- Takes in an evaluation of the alert rules, unless another one has been taken in since the state was read that it rests on.
-- KEYS: alerts, acknowledgements
-- ARGV: revision it rests on, what was evaluated, number of alerts set, then key and text of each,
--       number of keys forgotten, then these, then ids whose acknowledgement is forgotten
local revision = redis.call('HGET', KEYS[1], '/revision') or '0'
if revision ~= ARGV[1] then return { 'overtaken' } end
redis.call('HSET', KEYS[1], '/revision', string.format('%.0f', tonumber(revision) + 1), '/evaluation', ARGV[2])
local at = 4
for _ = 1, tonumber(ARGV[3]) do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 2
end
local last = at + tonumber(ARGV[at])
for i = at + 1, last do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = last + 1, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end
return { 'kept' }
