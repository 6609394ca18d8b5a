-- Reads a key's value; its use begins its life anew, once the origin has all of it.
-- KEYS: value.  ARGV: digest of the key, whether this is a use of it
local f = redis.call('HMGET', KEYS[1], 'e', 'gone', 'dirty', 'm', 'b', 'd', 've', 'vs', 'at', 'ttl', 'o')
if not f[1] or f[3] then
  local hidden, older = waits_for_decision(ARGV[1])
  if older then return { 'held' } end
  if hidden or not f[1] then return { 'absent' } end
end
if not f[3] and ARGV[2] == '1' then
  redis.call('PEXPIRE', KEYS[1], f[10])
  redis.call('ZADD', VALUES, int(now_ms() + tonumber(f[10])), ARGV[1])
end
return { 'value', f[1], f[2] or '', f[3] or '', f[4], f[5], f[6], f[7] or '', f[8] or '',
  int(math.max(0, now_ms() - tonumber(f[9]))), f[10], f[11] }
