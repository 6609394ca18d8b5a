-- Notes what became of keys that were taken: when their answer expires by now, or that they are to be forgotten.
-- KEYS: as in note-due. ARGV: of each key its id, and of its answer ms left ('' where it is to be forgotten), what its
-- fetch took, and its life
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
for i = 1, #ARGV - 3, 4 do
  local id, left = ARGV[i], tonumber(ARGV[i + 1])
  if not left then
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
  else
    local begun = string.match(redis.call('HGET', KEYS[3], id) or '', '(%d+)$')
    local ends = string.format('%.0f', now + left)
    -- What has given way meanwhile stays away.
    if begun then
      redis.call('ZADD', KEYS[1], ends, id)
      redis.call('HSET', KEYS[3], id, table.concat({ ARGV[i + 2], ARGV[i + 3], ends, begun }, ' '))
    end
  end
end
return { 'settled' }
