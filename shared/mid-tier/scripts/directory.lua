-- Which edges there are and where each was last seen, who watches requests, and how far the log has come: as of one instant.
-- KEYS: hashes
-- Answers Redis TIME, then of each hash how many words it holds, and those.
local t = redis.call('TIME')
local reply = { t[1], t[2] }
for _, key in ipairs(KEYS) do
  local words = redis.call('HGETALL', key)
  reply[#reply + 1] = string.format('%.0f', #words)
  for _, word in ipairs(words) do reply[#reply + 1] = word end
end
return reply
