-- Notes what was found to be so: the last word stands by itself, and of what several notes say, a bucket of time keeps the greatest.
-- KEYS: the last word, then buckets of time, finest first
-- ARGV: how long the last word is kept in ms, how long each bucket is, how many gauges the buckets keep, then gauge and value,
--       repeated, those first; some dozens
local said, kept = { unpack(ARGV, #KEYS + 2) }, tonumber(ARGV[#KEYS + 1])
redis.call('DEL', KEYS[1])
if #said == 0 then return { 'noted' } end
redis.call('HSET', KEYS[1], unpack(said))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if kept == 0 then return { 'noted' } end
local names = {}
for i = 1, kept do names[i] = 'gauge|' .. said[2 * i - 1] end
for b = 2, #KEYS do
  local greater = {}
  for i, there in ipairs(redis.call('HMGET', KEYS[b], unpack(names))) do
    local value = said[2 * i]
    if tonumber(value) > tonumber(there or '-1') then
      greater[#greater + 1], greater[#greater + 2] = names[i], value
    end
  end
  if #greater > 0 then redis.call('HSET', KEYS[b], unpack(greater)) end
  redis.call('PEXPIRE', KEYS[b], ARGV[b])
end
return { 'noted' }
