-- Which partitions of this database have something due. Counts values that have ended. Marks how far the journal has
-- come, for the next look to begin with, except where what was marked before is not there: whoever asks has yet to report it.
-- ARGV: partitions, due for so many ms, values looked at, what the journal was last seen with: its name and mark ('', 0:
-- none), the write that was the last one then, writes delivered, and when that was; whether under another name it lacks
-- them ('' = it is another journal), a name for one that has none ('' = mark nothing), within how many ms all is due
-- Replies: whether it lacks something, its name and mark, the write that was the last one then, writes delivered then, when
-- that was, then the partitions
local now = now_ms()
local j = redis.call('HMGET', SUMS, 'accepted', 'marked', 'name', 'last', 'delivered', 'marked_delivered', 'marked_at',
  'older_until', 'older_by')
local accepted, marked, name, last = tonumber(j[1] or '0'), tonumber(j[2] or '0'), j[3] or '', j[4] or ''
local delivered, marked_delivered, marked_at = tonumber(j[5] or '0'), tonumber(j[6] or '0'), tonumber(j[7] or '0')
local lacks = ARGV[9] ~= ''
if name == ARGV[4] then
  local seen = tonumber(ARGV[5])
  -- The mark is younger than what it counts: where it alone was lost, nothing is lacking.
  lacks = marked < seen and not (accepted == seen and last == ARGV[6])
end
if ARGV[10] ~= '' and not lacks and (accepted > marked or delivered > marked_delivered) then
  marked, marked_delivered, marked_at, name = accepted, delivered, now, name == '' and ARGV[10] or name
  -- A database that is full refuses scripts whose first write may take room, and what is due makes room.
  redis.call('ZREM', VALUES, '')
  redis.call('HSET', SUMS, 'marked', int(marked), 'name', name, 'marked_delivered', int(marked_delivered), 'marked_at',
    int(marked_at))
end
-- Without deliveries that it had been told of it would have the origin take older values over newer ones. What has been
-- delivered since may hide that in their number, and not in the mark, which may be lost alone, too.
local forgets = lacks and marked_delivered < tonumber(ARGV[7]) or name == ARGV[4] and delivered < tonumber(ARGV[7])
-- Once for each mark: its own clock may be behind.
if forgets and j[9] ~= ARGV[8] then
  redis.call('ZREM', VALUES, '')
  local older = math.max(tonumber(j[8] or '0'), tonumber(ARGV[8]))
  redis.call('HSET', SUMS, 'older_until', int(older), 'older_by', ARGV[8],
    'older_found', int(now))
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
local due = { lacks and '1' or '', name, int(marked), accepted == marked and last or '', int(marked_delivered),
  int(marked_at) }
-- Mostly nothing waits anywhere, which one call tells.
if redis.call('EXISTS', unpack(partitions)) == 0 then return due end
for p = 0, tonumber(ARGV[1]) - 1 do
  -- Put off before the clock was set back, it would wait for as long as that besides. A claim may still be under way.
  local latest = int(now + tonumber(ARGV[11]))
  for _, digest in ipairs(redis.call('ZRANGEBYSCORE', partitions[p + 1], '(' .. latest, '+inf', 'LIMIT', '0', ARGV[3])) do
    -- A database that is full refuses scripts whose first write may take room, and what is due makes room.
    redis.call('ZREM', VALUES, '')
    redis.call('ZADD', partitions[p + 1], latest, digest)
  end
  if redis.call('ZCOUNT', partitions[p + 1], '-inf', int(now - tonumber(ARGV[2]))) > 0 then due[#due + 1] = int(p) end
end
return due
