-- Which of the work that waits for its time is there to be looked after. Changes nothing.
-- KEYS: repeats, due keys by when they expire, open warm-ups.  ARGV: ms before their end that keys are due
-- Answers the names of what there is.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function any_by(key, instant)
  return #redis.call('ZRANGEBYSCORE', key, '-inf', string.format('%.0f', instant), 'LIMIT', '0', '1') > 0
end

local found = {}
-- Looked for while any waits: it is there that a clock set back is found out.
if redis.call('EXISTS', KEYS[1]) == 1 then found[#found + 1] = 'repeats' end
if any_by(KEYS[2], now + tonumber(ARGV[1])) then found[#found + 1] = 'due' end
if redis.call('EXISTS', KEYS[3]) == 1 then found[#found + 1] = 'warmups' end
return found
