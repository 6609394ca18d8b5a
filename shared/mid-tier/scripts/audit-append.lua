-- Records what was done beside the log, once per operation.
-- KEYS: records, head, the list of before, operation.
-- ARGV: text of the record, digest of the request, records kept, octets of them, ms kept, ms that operations are remembered
local seen = redis.call('GET', KEYS[4])
if seen then
  local digest, seq, at = string.match(seen, '^(%S+) (%S+) (%S+)$')
  if digest ~= ARGV[2] then return { 'conflict' } end
  -- A write, so that a WAIT behind it waits for the replicas to have seen what was recorded then.
  redis.call('PEXPIRE', KEYS[4], ARGV[6])
  return { 'repeated', seq, at }
end
local at = now_ms()
local seq = append_audit(1, at, '-', ARGV[1],
  { records = tonumber(ARGV[3]), octets = tonumber(ARGV[4]), age = tonumber(ARGV[5]) })
redis.call('SET', KEYS[4], ARGV[2] .. ' ' .. int(seq) .. ' ' .. int(at), 'PX', ARGV[6])
return { 'appended', int(seq), int(at) }
