-- Where the audit log stands, and the hash of one of its records.
-- KEYS: records, head.  ARGV: the record's number
local h = redis.call('HMGET', KEYS[2], 'seq', 'hash', 'first')
local hash = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^%S+ %S+ (%S+) ')
return { h[1] or '', h[2] or '', h[3] or '1', hash or '' }
