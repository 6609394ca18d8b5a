-- Records up to where an answer has been checked, for that very answer, and never backwards.
-- KEYS: answer.  ARGV: id, epoch, seq
local e = redis.call('HMGET', KEYS[1], 'id', 've', 'vs')
if e[1] ~= ARGV[1] then return { 'other' } end
local epoch, seq = tonumber(ARGV[2]), tonumber(ARGV[3])
local there_epoch, there_seq = tonumber(e[2] or '') or 0, tonumber(e[3] or '') or 0
if there_epoch > epoch or (there_epoch == epoch and there_seq >= seq) then return { 'older' } end
redis.call('HSET', KEYS[1], 've', ARGV[2], 'vs', ARGV[3])
return { 'recorded' }
