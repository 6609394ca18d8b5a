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

-- Octets of the records, from a first one on: a release that counts none may have written since it was noted.
local function octets_counted(text, seq)
  local upto, from, octets = string.match(text or '', '^(%d+) (%d+) (%d+)$')
  if tonumber(upto) ~= seq then return seq + 1, 0 end
  return tonumber(from), tonumber(octets)
end

-- Clients choose how long the URLs are that they write to. Trimming is bounded work: one record in, at most two out, and for
-- their octets some more. The hash of the last one gone is what the chain begins with.
local MOST_AUDIT_TRIMMED = 256
local function trim_audit(records, head, audit, at, most)
  local first, out = audit.first, 0
  while first < audit.seq do
    local oldest = redis.call('HGET', records, int(first)) or ''
    local _, _, hash, time = string.find(oldest, '^%S+ %S+ (%S+) (%d+) ')
    local old = audit.seq - first + 1 > most.records or (time and tonumber(time) < at - most.age)
    if not (old and out < 2 or audit.octets > most.octets and out < MOST_AUDIT_TRIMMED) then return end
    redis.call('HDEL', records, int(first))
    if first >= audit.counted_from then audit.octets = audit.octets - #oldest end
    first, out = first + 1, out + 1
    redis.call('HSET', head, 'first', int(first), 'anchor', hash or 'lost')
  end
end

-- KEYS by number: records, head, the list of before. `most`: how many records are kept, octets of them, and for how many ms.
local function append_audit(keys, at, position, body, most)
  local records, head = KEYS[keys], KEYS[keys + 1]
  local h = redis.call('HMGET', head, 'seq', 'hash', 'first', 'octets')
  local seq, hash, first = tonumber(h[1] or ''), h[2], tonumber(h[3] or '')
  if not (seq and hash and first) then seq, hash, first = begin_audit(records, head, KEYS[keys + 2], at, most.age) end
  local counted_from, octets = octets_counted(h[4], seq)
  seq = seq + 1
  local said = int(at) .. ' ' .. position .. ' ' .. body
  local own = redis.sha1hex(hash .. ' ' .. int(seq) .. ' ' .. said)
  local record = int(seq) .. ' ' .. hash .. ' ' .. own .. ' ' .. said
  redis.call('HSET', records, int(seq), record)
  local audit = { seq = seq, first = first, counted_from = counted_from, octets = octets + #record }
  trim_audit(records, head, audit, at, most)
  local counted = int(seq) .. ' ' .. int(counted_from) .. ' ' .. int(audit.octets)
  redis.call('HSET', head, 'seq', int(seq), 'hash', own, 'octets', counted)
  return seq
end
