// The Lua side of the sandbox: which globals scripts see, read-only tables, error texts as Redis 7.0 words them.

/**
 * Called with the native functions; returns the table of real globals (KEYS and ARGV go there), the guarded global
 * table, and the error handler. A script's globals are an empty table that reads through to the real ones: vanilla
 * Lua has no read-only tables, Redis' own has.
 */
export const PRELUDE = `
local native = ...
local error, rawset, rawget, setmetatable, getmetatable = error, rawset, rawget, setmetatable, getmetatable
local select, tostring, type, getinfo, floor = select, tostring, type, debug.getinfo, math.floor

local READONLY = 'Attempt to modify a readonly table'
local targets = {}

local function readonly(target, missing)
  local guarded = {}
  targets[guarded] = target
  if missing then setmetatable(target, { __index = missing }) end
  return setmetatable(guarded, {
    __index = target,
    __newindex = function() error(READONLY, 2) end,
    __metatable = false,
  })
end

local redis = {
  call = native.call, pcall = native.pcall, sha1hex = native.sha1hex, log = native.log,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = '7.0.15', REDIS_VERSION_NUM = 458767,
}

local BAD_ARGUMENTS = 'ERR wrong number or type of arguments'

function redis.error_reply(...)
  local text = ...
  if select('#', ...) ~= 1 or type(text) ~= 'string' then return { err = BAD_ARGUMENTS } end
  if text:sub(1, 1) == '-' then text = text:sub(2) end
  if not text:find(' ', 1, true) then text = 'ERR ' .. text end
  return { err = text }
end

function redis.status_reply(...)
  local text = ...
  if select('#', ...) ~= 1 or type(text) ~= 'string' then return { err = BAD_ARGUMENTS } end
  return { ok = text }
end

function redis.setresp() end
function redis.set_repl() end
function redis.replicate_commands() return true end
function redis.breakpoint() return false end
function redis.debug() end

function math.random(...)
  local r = native.random() % 2147483647 / 2147483647
  local count, low, high = select('#', ...), ...
  if count == 0 then return r end
  if count > 2 then error('wrong number of arguments', 2) end
  if count == 1 then low, high = 1, low end
  if low > high then error("bad argument #" .. count .. " to 'random' (interval is empty)", 2) end
  return floor(r * (high - low + 1)) + low
end

math.randomseed = native.randomseed

-- Redis' own pcall hands out an error table's text in the table's place.
local plainPcall = pcall
local function unwrapped(ok, reason, ...)
  if ok then return true, reason, ... end
  if type(reason) == 'table' then
    local text = reason.err
    if type(text) == 'string' or type(text) == 'number' then reason = text end
  end
  return false, reason
end

local function guardedCall(original, redirect)
  return function(target, ...)
    local real = targets[target]
    if real == nil then return original(target, ...) end
    if redirect then return original(real, ...) end
    error(READONLY, 0)
  end
end

local globals = {
  assert = assert, collectgarbage = collectgarbage, error = error, gcinfo = gcinfo, getmetatable = getmetatable,
  ipairs = ipairs, load = load, loadstring = loadstring, next = guardedCall(next, true), pairs = guardedCall(pairs, true),
  pcall = function(...) return unwrapped(plainPcall(...)) end, rawequal = rawequal, rawget = guardedCall(rawget, true), rawset = guardedCall(rawset, false),
  select = select, setmetatable = guardedCall(setmetatable, false), tonumber = tonumber, tostring = tostring,
  type = type, unpack = unpack, xpcall = xpcall, _VERSION = _VERSION,
  coroutine = readonly(coroutine), table = readonly(table), string = readonly(string), math = readonly(math),
  redis = readonly(redis), KEYS = {}, ARGV = {},
}
getmetatable('').__metatable = false

local guarded = readonly(globals, function(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end)
globals._G = guarded

local function handle(reason)
  local level = 2
  local info = getinfo(level, 'Sl')
  while info and info.source == '=tidegate' do
    level = level + 1
    info = getinfo(level, 'Sl')
  end
  if info and info.what == 'C' then
    level = level + 1
    info = getinfo(level, 'Sl')
    while info and info.source == '=tidegate' do
      level = level + 1
      info = getinfo(level, 'Sl')
    end
  end
  local message
  if type(reason) == 'table' then message = rawget(reason, 'err') else message = 'ERR ' .. tostring(reason) end
  if type(message) ~= 'string' and type(message) ~= 'number' then message = 'ERR unknown error' end
  if not info then return message end
  return message, info.source, info.currentline
end

return globals, guarded, function(reason)
  local message, source, line = handle(reason)
  return { message, source, line }
end
`;
