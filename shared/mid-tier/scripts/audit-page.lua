-- Records below a number, newest first, as far as they are small.
-- KEYS: records, head.  ARGV: below which number ('' for from the newest on), most records, most octets
local h = redis.call('HMGET', KEYS[2], 'seq', 'first')
local newest, first = tonumber(h[1] or '0'), tonumber(h[2] or '1')
local from = math.min(newest, (tonumber(ARGV[1]) or newest + 1) - 1)
local reply, octets, s = { '' }, 0, from
while s >= first and from - s < tonumber(ARGV[2]) and octets < tonumber(ARGV[3]) do
  local record = redis.call('HGET', KEYS[1], string.format('%.0f', s))
  if record then
    reply[#reply + 1] = record
    octets = octets + #record
  end
  s = s - 1
end
if s >= first then reply[1] = string.format('%.0f', s + 1) end
return reply
