-- Merges what one batch of an edge has observed into the sums by site and pattern, each batch once, however often it comes.
-- A sum is kept as of when it was last added to, and decays from there: all of its figures count half after each half-life.
-- KEYS: the last batch merged of this edge and boot, the sums, their rank
-- ARGV: number of the batch, how long that is remembered in ms, half-life in ms, most patterns, how long the sums are kept
--       in ms, then site and pattern, and figures separated by commas, repeated
local number, half_life, most = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])

local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if number <= before then return { 'known' } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function figures_of(text)
  local list = {}
  for figure in string.gmatch(text, '[^,]+') do list[#list + 1] = tonumber(figure) end
  return list
end

for i = 6, #ARGV - 1, 2 do
  local name, figures = ARGV[i], figures_of(ARGV[i + 1])
  local since, begun, text = string.match(redis.call('HGET', KEYS[2], name) or '', '^(%d+) (%d+) (.*)$')
  local old = text and figures_of(text) or {}
  -- Another release counted other things.
  if #old ~= #figures then old, begun = {}, nil end
  -- A clock that went back makes nothing count more than it did.
  local factor = 2 ^ -(math.max(0, now - tonumber(since or now)) / half_life)
  local sums = {}
  for k = 1, #figures do sums[k] = string.format('%.6g', figures[k] + (old[k] or 0) * factor) end
  local stamp = string.format('%.0f', now)
  redis.call('HSET', KEYS[2], name, stamp .. ' ' .. (begun or stamp) .. ' ' .. table.concat(sums, ','))
  -- The order of decayed requests is the same at all times: their logarithm, and when they were counted.
  local rank = math.log(tonumber(sums[1]) + 1) / math.log(2) + now / half_life
  redis.call('ZADD', KEYS[3], string.format('%.17g', rank), name)
end

local surplus = redis.call('ZCARD', KEYS[3]) - most
if surplus > 0 then
  local least = redis.call('ZRANGE', KEYS[3], '0', string.format('%.0f', surplus - 1))
  for _, name in ipairs(least) do
    redis.call('HDEL', KEYS[2], name)
    redis.call('ZREM', KEYS[3], name)
  end
end
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
return { 'merged' }
