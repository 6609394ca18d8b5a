-- Adds up buckets of time, from the first on as many as hold so many figures together; of gauges it takes the greatest.
-- KEYS: buckets
-- ARGV: figures
-- Replies how many buckets that were, then names and sums.
local sums, order, room, added = {}, {}, tonumber(ARGV[1]), 0
for b = 1, #KEYS do
  room = room - redis.call('HLEN', KEYS[b])
  if room < 0 then break end
  added = b
  local fields = redis.call('HGETALL', KEYS[b])
  for i = 1, #fields, 2 do
    local name, value = fields[i], tonumber(fields[i + 1]) or 0
    if not sums[name] then
      order[#order + 1] = name
      sums[name] = value
    elseif string.sub(name, 1, 6) == 'gauge|' then
      sums[name] = math.max(sums[name], value)
    else
      sums[name] = sums[name] + value
    end
  end
end
local reply = { string.format('%.0f', added) }
for _, name in ipairs(order) do
  reply[#reply + 1] = name
  reply[#reply + 1] = string.format('%.0f', sums[name])
end
return reply
