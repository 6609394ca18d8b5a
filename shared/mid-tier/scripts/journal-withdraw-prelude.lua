-- Shared by the journal's scripts that take a value back before the origin has it, because it refused that or may have had it.

-- What the origin has refused nobody is shown any more, nor again when what was written after it is dropped.
local function withdraw(digest, id, op)
  redis.call('HSET', op, 'refused', '1')
  if redis.call('HGET', 'tg:jv:' .. digest, 'o') == id then forget(digest) end
end

-- The same of what is of an older copy: the origin may have had it by tries that are not known here. It counts as sent, or
-- a release before this one would merge with it.
local function withdraw_older(digest, id, op)
  redis.call('HSET', op, 'older', '1', 'had', '1', 'sent', '1')
  withdraw(digest, id, op)
end
