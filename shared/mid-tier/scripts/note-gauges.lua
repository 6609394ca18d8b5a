-- Notes what was found to be so: of what several notes say, a bucket of time keeps the greatest.
-- KEYS: buckets of time, finest first
-- ARGV: how long each is kept in ms, then gauge and value, repeated
for b = 1, #KEYS do
  for i = #KEYS + 1, #ARGV - 1, 2 do
    local there = tonumber(redis.call('HGET', KEYS[b], ARGV[i]) or '-1')
    if tonumber(ARGV[i + 1]) > there then redis.call('HSET', KEYS[b], ARGV[i], ARGV[i + 1]) end
  end
  redis.call('PEXPIRE', KEYS[b], ARGV[b])
end
return { 'noted' }
