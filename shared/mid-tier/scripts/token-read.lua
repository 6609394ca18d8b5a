-- Reads a token's record, and notes now and then when it was used last.
-- KEYS: tokens, last uses.  ARGV: id, digest of the secret that was shown, milliseconds from one note to the next
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return { 'absent' } end
-- Somebody who knows no more than an id has not used it.
if string.sub(record, 1, #ARGV[2] + 1) == ARGV[2] .. ' ' then
  local now = now_ms()
  local used = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') or 0
  if now - used >= tonumber(ARGV[3]) then redis.call('HSET', KEYS[2], ARGV[1], int(now)) end
end
return { 'token', record }
