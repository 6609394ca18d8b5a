-- Shared by the journal's scripts. Of one key of the cache: its value (tg:jv:), the operations that the origin does not
-- have yet, oldest first (tg:jk:), each a hash of its own (tg:jo:). Keys are named as in keys.ts.
local function int(n)
  return string.format('%.0f', n)
end

local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- Nothing waits of the key any more: its value may expire, or goes where nobody can vouch for it.
local function quieten(digest, id, epoch, seq)
  local value = 'tg:jv:' .. digest
  local v = redis.call('HMGET', value, 'o', 'gone', 'ttl')
  if v[1] ~= id or v[2] or not v[3] or epoch == '' then
    redis.call('DEL', value)
    return
  end
  redis.call('HDEL', value, 'dirty')
  redis.call('HSET', value, 've', epoch, 'vs', seq)
  redis.call('PEXPIRE', value, v[3])
end
