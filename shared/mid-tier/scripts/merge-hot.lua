-- Merges what one batch of an edge has counted into lists of hot keys, each batch once, however often it comes.
-- Scores decay by growing the new ones instead of shrinking the old (forward decay): one requested now counts
-- 2^(age of the list / half-life), and once that is large all scores are divided by it.
-- KEYS: the last batch merged of this edge and boot, then each list and what is known of it, repeated
-- ARGV: number of the batch, how long that is remembered in ms, half-life in ms, most keys of a list, how long a list is
--       kept in ms, all requests of the batch, then key and requests, repeated
local number, half_life, most = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local LARGEST, FORGOTTEN = 40, 100

local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if number <= before then return { 'known' } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function exact(n)
  return string.format('%.17g', n)
end

local function rebase(list, known, halvings)
  -- What has not been asked for in so long keeps its rank among its like, and no weight beside anything newer.
  local factor = 2 ^ -math.min(halvings, FORGOTTEN)
  local scores = redis.call('ZRANGE', list, '0', '-1', 'WITHSCORES')
  for i = 1, #scores, 2 do redis.call('ZADD', list, exact(tonumber(scores[i + 1]) * factor), scores[i]) end
  local total = tonumber(redis.call('HGET', known, 'total') or '0')
  redis.call('HSET', known, 'since', string.format('%.0f', now), 'total', exact(total * factor))
end

for k = 2, #KEYS - 1, 2 do
  local list, known = KEYS[k], KEYS[k + 1]
  local since = tonumber(redis.call('HGET', known, 'since') or '-1')
  if since < 0 then
    since = now
    redis.call('HSET', known, 'since', string.format('%.0f', now), 'begun', string.format('%.0f', now))
  end
  -- A clock that went back makes nothing count less than it did.
  local halvings = math.max(0, now - since) / half_life
  if halvings > LARGEST then
    rebase(list, known, halvings)
    halvings = 0
  end
  local weight = 2 ^ halvings
  local total = tonumber(redis.call('HGET', known, 'total') or '0')
  redis.call('HSET', known, 'total', exact(total + tonumber(ARGV[6]) * weight))
  for i = 7, #ARGV - 1, 2 do redis.call('ZINCRBY', list, exact(tonumber(ARGV[i + 1]) * weight), ARGV[i]) end
  redis.call('ZREMRANGEBYRANK', list, '0', string.format('%.0f', -most - 1))
  redis.call('PEXPIRE', list, ARGV[5])
  redis.call('PEXPIRE', known, ARGV[5])
end
return { 'merged' }
