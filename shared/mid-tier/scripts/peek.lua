-- What another shard than a key's home holds of it, if anything, and the instant by this shard's clock.
-- KEYS: answer, shard.  ARGV: map, life
if is_stranger() then return { 'stranger' } end
local f = redis.pcall('HMGET', KEYS[1], 'id', 've', 'vs', 'at', 'm', 'b', 'd', 'vary', 'life')
local now = now_ms()
if f.err or (MAP > 0 and f[9] ~= LIFE) then return { 'nothing', int(now) } end
if f[8] then return { 'varies', f[8], int(now) } end
local at = tonumber(f[4] or '')
if not (f[1] and f[2] and f[3] and at and at <= now and f[5] and f[6] and f[7]) then return { 'nothing', int(now) } end
return { 'hit', f[1], f[2], f[3], int(now - at), f[5], f[6], f[7], int(redis.call('PTTL', KEYS[1])), int(now) }
