-- Which partitions of this database have something due. Counts values that have ended. Marks how far the journal has
-- come, for the next look to begin with, except where what was marked before is not there: whoever asks has yet to report it.
-- ARGV: partitions, due for so many ms, values looked at, what the journal was last seen with: its name and mark ('', 0:
-- none) and the write that was the last one then; whether under another name it lacks them ('' = it is another journal), a
-- name for one that has none ('' = mark nothing)
local now = now_ms()
local j = redis.call('HMGET', SUMS, 'accepted', 'marked', 'name', 'last')
local accepted, marked, name, last = tonumber(j[1] or '0'), tonumber(j[2] or '0'), j[3] or '', j[4] or ''
local lacks = ARGV[7] ~= ''
if name == ARGV[4] then
  local seen = tonumber(ARGV[5])
  -- The mark is younger than what it counts: where it alone was lost, nothing is lacking.
  lacks = marked < seen and not (accepted == seen and last == ARGV[6])
end
if ARGV[8] ~= '' and not lacks and accepted > marked then
  marked, name = accepted, name == '' and ARGV[8] or name
  -- A database that is full refuses scripts whose first write may take room, and what is due makes room.
  redis.call('ZREM', VALUES, '')
  redis.call('HSET', SUMS, 'marked', int(marked), 'name', name)
end
for _, digest in ipairs(redis.call('ZRANGEBYSCORE', VALUES, '-inf', int(now), 'LIMIT', '0', ARGV[3])) do
  local left = redis.call('PTTL', 'tg:jv:' .. digest)
  if left == -2 then
    forget(digest)
    redis.call('HINCRBY', SUMS, 'ended', '1')
  else
    redis.call('ZADD', VALUES, int(now + math.max(left, 1000)), digest)
  end
end
local partitions = {}
for p = 0, tonumber(ARGV[1]) - 1 do partitions[#partitions + 1] = 'tg:j:due:' .. int(p) end
local due = { lacks and '1' or '', name, int(marked), accepted == marked and last or '' }
-- Mostly nothing waits anywhere, which one call tells.
if redis.call('EXISTS', unpack(partitions)) == 0 then return due end
for p = 0, tonumber(ARGV[1]) - 1 do
  if redis.call('ZCOUNT', partitions[p + 1], '-inf', int(now - tonumber(ARGV[2]))) > 0 then due[#due + 1] = int(p) end
end
return due
