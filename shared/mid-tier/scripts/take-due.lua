-- Takes the keys that expire soonest and are worth it, dearest first: by requests a second times what a fetch takes.
-- What is taken comes again after a while unless it is settled. What nobody is expected to ask for within another life
-- is left to expire, and so is what expired too long ago: who asks for either fetches it, and is counted with the others.
-- KEYS: as in note-due. ARGV: half-life in ms, ms before their end that they are due, ms after it that they are given up,
-- ms until they come again, how many are looked at, how many are taken
-- Answers how many were left, how many given up, then the ids taken.
local half_life, lead, late = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local idle, missed, due = 0, 0, {}

local until_then = string.format('%.0f', now + lead)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', until_then, 'LIMIT', '0', ARGV[5])) do
  local took, life, ends, begun = string.match(redis.call('HGET', KEYS[3], id) or '', '^(%d+) (%d+) (%d+) (%d+)$')
  local rate = tonumber(redis.call('ZSCORE', KEYS[2], id) or '')
  local per_ms = 0
  if took and rate then
    -- A steady rate r a ms amounts to r * half-life / ln 2 requests that count, and to less of that at first. What was
    -- counted in less than a life is taken for a life's.
    local age = math.max(tonumber(life), now - tonumber(begun))
    per_ms = 2 ^ (rate - now / half_life) * math.log(2) / half_life / (1 - 2 ^ (-age / half_life))
  end
  if not took or per_ms * tonumber(life) < 1 then
    idle = idle + 1
    redis.call('ZREM', KEYS[1], id)
  elseif tonumber(ends) + late < now then
    missed = missed + 1
    redis.call('ZREM', KEYS[1], id)
  else
    due[#due + 1] = { id = id, worth = per_ms * (1 + tonumber(took)) }
  end
end

table.sort(due, function(a, b) return a.worth > b.worth or (a.worth == b.worth and a.id < b.id) end)
local taken = { string.format('%.0f', idle), string.format('%.0f', missed) }
local again = string.format('%.0f', now + lead + tonumber(ARGV[4]))
for i = 1, math.min(#due, tonumber(ARGV[6])) do
  redis.call('ZADD', KEYS[1], again, due[i].id)
  taken[#taken + 1] = due[i].id
end
return taken
