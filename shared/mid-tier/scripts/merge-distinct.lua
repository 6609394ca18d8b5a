-- Merges registers of HyperLogLog into buckets of time: of each two the greater stays.
-- KEYS: buckets of time, finest first
-- ARGV: how long each is kept in ms, then site and registers, repeated
for b = 1, #KEYS do
  for i = #KEYS + 1, #ARGV - 1, 2 do
    local site, said = ARGV[i], ARGV[i + 1]
    local there = redis.call('HGET', KEYS[b], site)
    if not there or #there ~= #said then
      redis.call('HSET', KEYS[b], site, said)
    elseif there ~= said then
      local merged = {}
      for at = 1, #said do merged[at] = string.char(math.max(string.byte(said, at), string.byte(there, at))) end
      redis.call('HSET', KEYS[b], site, table.concat(merged))
    end
  end
  redis.call('PEXPIRE', KEYS[b], ARGV[b])
end
return { 'merged' }
