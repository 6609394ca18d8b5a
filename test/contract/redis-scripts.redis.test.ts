// Lua scripts give the same answers, errors included, in the embedded store as in a real redis-server.
import { afterAll, beforeAll, test } from "vitest";
import { type RestPair, startRestPair } from "../support/redis-server.ts";

let pair: RestPair;

beforeAll(async () => {
  pair = await startRestPair();
});

afterAll(() => pair.stop());

/**
 * Each runs with the keys `string` (a string), `list` (a list) and the arguments `7`, `ünï`. Scripts end at two
 * semicolons or a line's end.
 */
const SCRIPTS: Record<string, string> = {
  "Lua values become replies": String.raw`
    return 1.9 ;; return -1.9 ;; return 1/0 ;; return 0/0 ;; return -1e300 ;; return 2^53 ;; return 2^63
    return -2^63 ;; return 9007199254740993 ;; return true ;; return false ;; return nil ;; return
    return 'x' ;; return '' ;; return {} ;; return {1,2,nil,3}
    return {1, {2, {3, {'x'}}}, false, true, 1.5, 'z'} ;; return {ok='fine'} ;; return {ok='OK'}
    return 'OK' ;; return {err='bad'} ;; return {err='-BAD x'} ;; return {err=5} ;; return {ok=5,1}
    return {double=3.25} ;; return {double=0.1, 1} ;; return {ok='a\r\nb'} ;; return {err='a\r\nb'}
    return {{ok='x'}, {err='ERR y'}, {}} ;; return function() end ;; return pcall
    return setmetatable({}, {__index=function() return 'x' end}) ;; return {a=1}
    return {[1]='a', [2]='b', [4]='d'}
    return tostring(1e15)..tostring(2^53)..tostring(-0)..tostring(1e100)..tostring(0.1) ;; return 3 == 3.0
    return '\0a'
  `,
  "replies become Lua values": `
    return type(redis.call('GET', 'none')) ;; return redis.call('GET', 'none') == false
    return type(redis.call('INCR', 'n')) ;; return redis.call('SET', 'k', 'v').ok
    return type(redis.call('SET', 'k', 'v')) ;; return redis.call('SET', 'k', 'v', 'NX')
    return type(redis.call('SET', 'k', 'v', 'NX')) ;; return #redis.call('LRANGE', 'list', 0, -1)
    return redis.call('HGETALL', 'none') ;; return redis.call('MGET', 'string', 'none', 'list')
    return type(redis.call('MGET', 'none')[1]) ;; return redis.call('LPOP', 'none', 2)
    return redis.call('PING') ;; return redis.call('TYPE', 'list') ;; return redis.call('TYPE', 'list').ok
    return redis.call('EXISTS', 'string') + 1
    return {type(redis.call('TIME')[1]), #redis.call('TIME'), redis.call('TIME')[1] > '1600000000'}
    return redis.call('ZPOPMIN', 'none')
    redis.call('ZADD', 'z', 1.5, 'a') return redis.call('ZRANGE', 'z', 0, -1, 'WITHSCORES')
    return redis.call('ECHO', 'x')
    redis.call('RPUSH', 'big', 9007199254740993) return redis.call('LINDEX', 'big', 0)
    return redis.call('INCRBY', 'b', '9007199254740993')
  `,
  "numbers become arguments with 17 digits": `
    redis.call('SET', 'k', 0.1) return redis.call('GET', 'k')
    redis.call('SET', 'k', 1e20) return redis.call('GET', 'k')
    redis.call('SET', 'k', 100000000000000000) return redis.call('GET', 'k')
    redis.call('SET', 'k', 3) return redis.call('GET', 'k')
    redis.call('SET', 'k', -1e-7) return redis.call('GET', 'k')
    redis.call('SET', 'k', 1/0) return redis.call('GET', 'k')
    redis.call('SET', 'k', 2^53 + 2) return redis.call('GET', 'k')
    redis.call('SET', 'k', 123456.789) return redis.call('GET', 'k')
    redis.call('SET', 'k', -1.5e300) return redis.call('GET', 'k')
    redis.call('SET', 'k', 5e-324) return redis.call('GET', 'k')
    return redis.call('SET', 12.0, 'x') and redis.call('GET', '12')
    redis.call('SET', 'k', 0.0001) return redis.call('GET', 'k')
    return string.format('%.0f %.0f %d %5.2f %s %q %x', 2^53, 1e20, 3.7, 0.126, 'a', 'b', 255)
    redis.call('SET', 'k', 0.00001234) return redis.call('GET', 'k')
    return string.format('%.0f', 1722470400123.6) ;; return {tostring(1722470400123), 1722470400123 .. ''}
    return tonumber('0x10') ;; return tonumber('1e3')
  `,
  "errors are raised, caught and worded alike": String.raw`
    error('boom') ;; error('boom', 0) ;; error('boom', 2) ;; error({err='MY x'}) ;; error() ;; error(nil)
    error(true) ;; error(5) ;; error({err=5}) ;; error({err='a\r\nb'})
    return redis.call('LPUSH', 'string', 1) ;; return redis.pcall('LPUSH', 'string', 1)
    return redis.pcall('LPUSH', 'string', 1).err ;; return redis.call('NOSUCH')
    return redis.pcall('NOSUCH') ;; return redis.call('GET') ;; return redis.call()
    return redis.pcall() ;; return redis.call({}) ;; return redis.call('GET', nil)
    return redis.call('SET', 'k', true) ;; return redis.pcall('SET', 'k', {})
    return redis.call('SET', 'k', 'v', 5) ;; local a = nil; return a.b ;; return nil .. 'x'
    return {} + 1 ;; return #5 ;; return ('x'):nosuch() ;; return ( ;; local x <const> = 1 ;; goto a
    return ' ;; for ;; assert(false) ;; assert(false, 'm')
    local ok, e = pcall(redis.call, 'LPUSH', 'string', 1) return {tostring(ok), type(e), e}
    local ok, e = pcall(redis.call, 'LPUSH', 'string', 1) error(e)
    local r = redis.pcall('LPUSH', 'string', 1) error(r) ;; local ok, e = pcall(error, 'x') return e
    local ok, e = pcall(function() error('deep') end) return e
    local ok, e = pcall(error, {err='T t'}) return e ;; local ok, e = pcall(error, {1, 2}) return e
    return {pcall(function() return 1, 2 end)}
    local ok, e = xpcall(function() error('x') end, function(m) return 'handled ' .. m end) return e
    local function f() return f() + 1 end return f() ;; return redis.error_reply('single')
    return redis.error_reply('TWO words') ;; return redis.error_reply('-X y')
    return redis.error_reply('a\nb') ;; return redis.error_reply('') ;; return redis.error_reply()
    return redis.error_reply(1) ;; return redis.status_reply(1) ;; return redis.status_reply('X y')
    return redis.call('EVAL', 'return 1', 0) ;; return redis.call('EVALSHA', 'x', 0)
    return redis.call('SCRIPT', 'LOAD', 'return 1') ;; return redis.call('MULTI')
    return redis.call('EXEC') ;; return redis.call('WAIT', 0, 0) ;; return redis.call('SUBSCRIBE', 'x')
    return redis.pcall('CLIENT', 'ID') ;; local f = loadstring('return y') return f()
    local f = loadstring('return (') return f
    return coroutine.wrap(function() return redis.call('GET', 'string') end)()
    return coroutine.wrap(function() error('in a coroutine') end)()
    return coroutine.wrap(function() return redis.call('LPUSH', 'string', 1) end)()
  `,
  "globals are protected": `
    x = 1 ;; return x ;; string.foo = 1 ;; redis.call = nil ;; math.pi = 3 ;; _G.z = 1 ;; return _G.z
    rawset(_G, 'q', 1) ;; setmetatable(_G, {}) ;; setmetatable(string, {}) ;; KEYS = 1
    KEYS[1] = 'z' return KEYS[1] ;; ARGV.x = 1 return ARGV.x ;; table.insert(KEYS, 'a') return KEYS
    return print ;; return os ;; return io ;; return require ;; return dofile ;; return debug
    return loadfile ;; return module ;; return getfenv ;; return #_G ;; return _VERSION
    return type(_G.redis) ;; return redis.foo
    local t = {} for k in pairs(table) do t[#t + 1] = k end table.sort(t) return t
    local t = {} for k in pairs(math) do t[#t + 1] = k end table.sort(t) return t
    local t = {} for k in pairs(string) do t[#t + 1] = k end table.sort(t) return t
    function named() end ;; local function f() y = 1 end f() ;; return rawget(_G, 'nosuch')
  `,
  "arguments, libraries, helpers": String.raw`
    return KEYS ;; return ARGV ;; return {#KEYS, #ARGV, ARGV[3], KEYS[3]} ;; return ARGV[2] .. #ARGV[2]
    return redis.sha1hex('') ;; return redis.sha1hex('ü\0') ;; return redis.sha1hex(5)
    return redis.sha1hex() ;; return redis.sha1hex('a', 'b') ;; return redis.log(redis.LOG_WARNING, 'x')
    return redis.log(1) ;; return redis.log(9, 'x') ;; return redis.log('a', 'x')
    return {redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING}
    return {redis.REDIS_VERSION, redis.REDIS_VERSION_NUM} ;; return redis.setresp(3)
    return redis.replicate_commands() ;; return redis.set_repl(redis.REPL_ALL)
    local s = {} for i = 0, 255 do s[#s + 1] = string.char(i) end return table.concat(s)
    local s = '' for i = 255, 0, -1 do s = s .. string.char(i) end redis.call('SET', 'bytes', s) return redis.call('GET', 'bytes')
    redis.call('HSET', 'h\255', 'f\0', 'v\254') return {redis.call('HGETALL', 'h\255'), #redis.call('HGET', 'h\255', 'f\0')}
    return redis.error_reply('X \200\255') ;; return {ok='\200\255'} ;; return redis.sha1hex('\0\255')
    return select('#', unpack({1, 2, nil, 4}, 1, 4)) ;; return {('abc'):byte(1, -1)}
    return {('a,b,c'):find(',', 1, true)} ;; return {string.gsub('hello', 'l', 'L')}
    local t = {3, 1, 2} table.sort(t) return t
    return {math.floor(1.5), math.max(1, 2), math.huge, math.fmod(7, 3), 10 % -3, -7 % 3}
    return string.rep('x', 3) ;; return table.concat({1, 2.5, 'x'}, '-')
    math.randomseed(7) return {math.random(1000), math.random(5, 10), tostring(math.random())}
    math.randomseed(-3.7) return math.random(1000000) ;; math.random(0) ;; math.random(2, 1)
    return {string.match('key=value', '(%w+)=(%w+)')} ;; return string.format('%s', nil)
    return tostring(nil) ;; return #ARGV[1] .. type(ARGV[1] + 1)
  `,
};

/** For line numbers in errors. */
const LONGER_SCRIPTS = [
  "\n\nreturn redis.call('LPUSH', 'string', 1)",
  "local function f() return redis.call('GET', 'list') end\nreturn f()",
];

for (const [claim, text] of Object.entries(SCRIPTS)) {
  test(claim, async () => {
    await prepare();
    for (const script of text.split(/;;|\n/).map((part) => part.trim())) {
      if (script !== "") await evaluate(script);
    }
  });
}

test("scripts of several lines", async () => {
  await prepare();
  for (const script of LONGER_SCRIPTS) await evaluate(script);
});

test("scripts by digest, numbers of keys, shebangs, read-only runs", async () => {
  const sha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
  const commands = [
    ["SCRIPT", "FLUSH"],
    ["EVALSHA", sha, "0"],
    ["SCRIPT", "EXISTS", sha],
    ["SCRIPT", "LOAD", "return 1"],
    ["EVALSHA", sha, "0"],
    ["EVALSHA", sha.toUpperCase(), "0"],
    ["SCRIPT", "EXISTS", sha, sha.toUpperCase(), "x"],
    ["EVALSHA_RO", sha, "0"],
    ["EVALSHA", "x", "0"],
    ["EVALSHA", sha, "x"],
    ["EVALSHA", sha, "1"],
    ["EVALSHA", sha, "-1"],
    ["EVALSHA", sha],
    ["EVAL", "return 1", "2", "a"],
    ["EVAL", "return 1", "-1"],
    ["EVAL", "return 1", "x"],
    ["EVAL", "return 1"],
    ["EVAL", "return 1", "1.5"],
    ["SCRIPT", "LOAD", "return ("],
    ["SCRIPT", "LOAD", "return 1", "x"],
    ["EVAL_RO", "return redis.call('SET', 'a', 1)", "0"],
    ["EVAL_RO", "return redis.pcall('SET', 'a', 1)", "0"],
    ["EVAL_RO", "return redis.call('GET', 'a')", "0"],
    ["EVAL", "#!lua flags=no-writes\nreturn redis.call('SET', 'a', 1)", "0"],
    ["EVAL", "#!lua flags=no-writes\nreturn redis.call('GET', 'a')", "0"],
    ["EVAL", "#!lua\nreturn redis.call('SET', 'a', 1)", "0"],
    ["EVAL", "#!lua\n\nerror('line three')", "0"],
    ["EVAL", "#!lua", "0"],
    ["EVAL", "#!js\nx", "0"],
    ["EVAL", "#!lua flags=allow-key-locking\nreturn 1", "0"],
    ["EVAL", "#!lua bogus\nreturn 1", "0"],
    ["EVAL", "#!lua flags=no-writes,allow-oom\nreturn 1", "0"],
    ["EVAL", "return 1 -- é", "0"],
    ["SCRIPT", "LOAD", "return 'é'"],
    ["SCRIPT", "FLUSH", "ASYNC"],
    ["EVALSHA", sha, "0"],
    ["script", "load", "return 1"],
  ];
  for (const command of commands) await pair.same(command);
});

test("an error leaves neither the machine nor what was written before it in disorder", async () => {
  await pair.same(["FLUSHALL"]);
  for (let i = 0; i < 300; i++) {
    await pair.same(
      [
        ["EVAL", "redis.call('INCR', KEYS[1]) error('after a write')", "1", "n"],
        ["EVAL", "return ARGV", "0", "x"],
        ["GET", "n"],
      ],
      "/pipeline",
    );
  }
});

async function prepare(): Promise<void> {
  await pair.same([["FLUSHALL"], ["SET", "string", "v"], ["RPUSH", "list", "a", "b"]], "/pipeline");
}

function evaluate(script: string): Promise<void> {
  return pair.same(["EVAL", script, "2", "string", "list", "7", "ünï"]);
}
