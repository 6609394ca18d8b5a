-- Shared by the scripts that write to the audit log: one chain for everything, with its head apart from its records.

-- What was recorded in the form of before stays for a while; the chain goes on from its last hash.
local function begin_audit(records, head, earlier, at, kept_for)
  local first, anchor, count = 1, 'genesis', redis.call('LLEN', earlier)
  if count > 0 then
    anchor = string.match(redis.call('LINDEX', earlier, -1), '^%S+ (%S+) ') or 'unreadable'
    redis.call('PEXPIRE', earlier, kept_for)
  end
  -- A head that is gone took the count with it: no number comes again.
  if redis.call('EXISTS', records) == 1 then first = at end
  redis.call('HSET', head, 'seq', int(first - 1), 'hash', anchor, 'first', int(first), 'anchor', anchor, 'earlier', int(count))
  return first - 1, anchor, first
end

-- Trimming is bounded work: one record in, at most two out. The hash of the last one gone is what the chain begins with.
local function trim_audit(records, head, seq, first, at, kept, kept_for)
  for _ = 1, 2 do
    local oldest = redis.call('HGET', records, int(first))
    local _, _, hash, time = string.find(oldest or '', '^%S+ %S+ (%S+) (%d+) ')
    local old = seq - first + 1 > kept or (time and first < seq and tonumber(time) < at - kept_for)
    if not old then return end
    redis.call('HDEL', records, int(first))
    first = first + 1
    redis.call('HSET', head, 'first', int(first), 'anchor', hash or 'lost')
  end
end

-- KEYS by number: records, head, the list of before.
local function append_audit(keys, at, position, body, kept, kept_for)
  local records, head = KEYS[keys], KEYS[keys + 1]
  local h = redis.call('HMGET', head, 'seq', 'hash', 'first')
  local seq, hash, first = tonumber(h[1] or ''), h[2], tonumber(h[3] or '')
  if not (seq and hash and first) then seq, hash, first = begin_audit(records, head, KEYS[keys + 2], at, kept_for) end
  seq = seq + 1
  local said = int(at) .. ' ' .. position .. ' ' .. body
  local own = redis.sha1hex(hash .. ' ' .. int(seq) .. ' ' .. said)
  redis.call('HSET', records, int(seq), int(seq) .. ' ' .. hash .. ' ' .. own .. ' ' .. said)
  redis.call('HSET', head, 'seq', int(seq), 'hash', own)
  trim_audit(records, head, seq, first, at, tonumber(kept), tonumber(kept_for))
  return seq
end
