-- Lists operations, oldest first: all that the origin does not have, or those that are parked.
-- KEYS: the list.  ARGV: from this score on, beyond this id of it, at most, an id that is wanted alone ('' = no)
local ids = {}
if ARGV[4] ~= '' then
  ids = { ARGV[4] }
else
  local most = tonumber(ARGV[3])
  local offset = 0
  while #ids < most do
    local page = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', int(offset), '100')
    if #page == 0 then break end
    for i = 1, #page, 2 do
      local beyond = tonumber(page[i + 1]) > tonumber(ARGV[1]) or page[i] > ARGV[2]
      if beyond and #ids < most then ids[#ids + 1] = page[i] end
    end
    offset = offset + 100
  end
end
local reply = {}
for _, id in ipairs(ids) do
  local o = redis.call('HMGET', 'tg:jo:' .. id, 's', 'me', 'u', 'at', 'n', 'tries', 'dead', 'fence', 'why', 'done')
  if o[1] then
    local score = redis.call('ZSCORE', KEYS[1], id) or '0'
    local head = redis.call('LINDEX', 'tg:jk:' .. redis.call('HGET', 'tg:jo:' .. id, 'k'), '0') == id
    for _, word in ipairs({ id, score, o[1], o[2], o[3], o[4], o[5], o[6], o[7] or '', o[8] or '', o[9] or '',
      o[10] or '', head and '1' or '' }) do reply[#reply + 1] = word end
  end
end
return reply
