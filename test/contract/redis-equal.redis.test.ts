// The embedded store and a real redis-server answer the same sequences of commands byte for byte.
import { afterAll, beforeAll, test } from "vitest";
import { type RestPair, startRestPair } from "../support/redis-server.ts";

let pair: RestPair;

beforeAll(async () => {
  pair = await startRestPair();
});

afterAll(() => pair.stop());

const same: RestPair["same"] = (body, path) => pair.same(body, path);

/** Commands end at a bar or a line's end, words at a space; `''` is the empty word. */
const SEQUENCES: Record<string, string> = {
  "strings are set under conditions": `
    SET k v | GET k | GET none | SET k w NX | SET k w XX | SET none w XX | GET k | SET k x GET
    SET n y GET | SET k z NX GET | SET q z XX GET | SET k v EX 100 | TTL k | SET k w KEEPTTL | TTL k
    SET k w | TTL k | SET k v EX 0 | SET k v PX -1 | SET k v EX abc | SET k v EX | SET k v NX XX
    SET k v EX 1 PX 1 | SET k v bogus | SET k v EX 1 KEEPTTL | SET k v EX 9223372036854775807 | SET k
    set k V ex 100 | GET k | GETDEL k | GETDEL k | LPUSH l x | SET l y GET | SET l y | GET l
    SET é ünï€😀 | GET é | STRLEN é | STRLEN none | SET e '' | GET e | STRLEN e | SET ok OK | GET ok
    SET k v px 100000 nx | SET zz v PX 100000 NX get | TTL zz
  `,
  "several strings at once, appends": `
    MSET a 1 b 2 | MGET a b c | MSET a 1 b | MSET a | SADD s x | MGET a s | APPEND a xyz | APPEND new q
    GET a | APPEND s x | EXPIRE a 100 | APPEND a 1 | TTL a | MGET | MSET s 1 | TYPE s
  `,
  integers: `
    INCR n | INCR n | INCRBY n 40 | DECR n | DECRBY n 50 | GET n | SET n 9223372036854775807 | INCR n
    GET n | SET n -9223372036854775808 | DECR n | INCRBY n 1 | DECRBY n -9223372036854775808 | SET n abc
    INCR n | SET n 1.5 | INCR n | SET n 007 | INCR n | SET n '' | INCR n | SET n -0 | INCR n | SET n +5
    INCR n | DEL n | INCRBY n abc | INCRBY n 1.0 | INCRBY n '' | INCRBY n 9007199254740993 | GET n
    INCRBY n 9007199254740993 | LPUSH l 1 | INCR l | SET x 10 EX 100 | INCR x | TTL x
    INCRBY n 9223372036854775808 | INCR n
  `,
  floats: `
    INCRBYFLOAT f 0.1 | INCRBYFLOAT f 0.2 | INCRBYFLOAT f 3 | INCRBYFLOAT f 5e3 | INCRBYFLOAT f -1e-3
    GET f | INCRBYFLOAT f abc | SET f 3.0e3 | INCRBYFLOAT f 200 | SET f 10.50 | INCRBYFLOAT f 0.1
    INCRBYFLOAT f -5 | INCRBYFLOAT f inf | INCRBYFLOAT f nan | SET f 1e300 | INCRBYFLOAT f 1e300
    SET f 123456789.123456789 | INCRBYFLOAT f 1e-17 | INCRBYFLOAT f 1e17 | SET f -0.1 | INCRBYFLOAT f 0.1
    SET f x | INCRBYFLOAT f 1 | SET f 1 | INCRBYFLOAT f '' | INCRBYFLOAT f .5 | INCRBYFLOAT f 5.
    INCRBYFLOAT f +1
  `,
  "keys of any type": `
    SET a 1 | HSET h f v | RPUSH l x | SADD s x | ZADD z 1 x | PFADD p x | TYPE a | TYPE h | TYPE l
    TYPE s | TYPE z | TYPE p | TYPE none | EXISTS a h none a | DBSIZE | KEYS * | KEYS [ah] | KEYS ?
    KEYS x* | KEYS [^a] | KEYS \\a | KEYS [a-h] | DEL a none h | UNLINK l s l | DBSIZE | EXISTS
    SCAN 0 COUNT 1000 | SCAN 0 MATCH z* COUNT 100 | SCAN 0 TYPE zset COUNT 100 | SCAN x | SCAN 0 COUNT 0
    SCAN 0 COUNT x | SCAN 0 MATCH | SCAN 0 BOGUS 1 | FLUSHDB | DBSIZE | FLUSHALL bogus | FLUSHALL ASYNC
    KEYS | KEYS *
  `,
  expiry: `
    SET a 1 | TTL a | PTTL none | EXPIRE a 100 | TTL a | PERSIST a | PERSIST a | PERSIST none | TTL a
    EXPIRE none 10 | EXPIRE a 100 XX | EXPIRE a 100 NX | EXPIRE a 50 GT | EXPIRE a 200 GT | TTL a
    EXPIRE a 300 LT | EXPIRE a 100 LT | TTL a | EXPIRE a 1 NX XX | EXPIRE a 1 GT LT | EXPIRE a 1 bogus
    EXPIRE a abc | EXPIRE a 9223372036854775807 | PEXPIRE a 9223372036854775807 | PEXPIRE a 100000 | TTL a
    EXPIRE a -1 | EXISTS a | SET a 1 | PEXPIRE a 0 | GET a | SET b 1 | EXPIREAT b 1 | GET b | SET b 1
    PEXPIREAT b 99999999999999 | EXISTS b | EXPIRE b | SET b 1 | EXPIRE b 100 GT | EXPIRE b 100 LT | TTL b
  `,
  hashes: `
    HSET h a 1 b 2 | HSET h a 3 c 4 | HGET h a | HGET h z | HGET none a | HGETALL h | HGETALL none
    HMGET h a z c | HMGET none a b | HKEYS h | HVALS h | HLEN h | HEXISTS h a | HEXISTS h z | HSTRLEN h a
    HSTRLEN h z | HSETNX h a 9 | HSETNX h d 9 | HINCRBY h a 5 | HINCRBY h new -5 | HINCRBY h a x
    HSET h s str | HINCRBY h s 1 | HSET h big 9223372036854775807 | HINCRBY h big 1 | HDEL h a b zz
    HGETALL h | HDEL none a | HSET h a | HSET h a 1 b | HDEL h s big c d new | EXISTS h | SET str v
    HSET str a 1 | HGET str a | HGETALL str | HDEL str a | HLEN str | HKEYS str | HMGET str a
    HINCRBY str a 1 | HINCRBY str a x | HSETNX str a 1 | HGET h | HMGET h | HINCRBY h2 f 1.5
    HSET h '' '' | HGETALL h | HSET h a 1 | HDEL h '' | HSET h '' x | HKEYS h
  `,
  lists: `
    LPUSH l a b c | RPUSH l d e | LRANGE l 0 -1 | LRANGE l 1 2 | LRANGE l -2 -1 | LRANGE l 3 1
    LRANGE l -100 100 | LRANGE l x 1 | LRANGE none 0 -1 | LLEN l | LLEN none | LINDEX l 0 | LINDEX l -1
    LINDEX l 99 | LINDEX l x | LINDEX none x | LPOP l | RPOP l | LPOP l 2 | LPOP l 0 | LPOP l -1
    LPOP l x | LPOP l 1 2 | LPOP none | LPOP none 2 | LPOP none 0 | RPOP l 9 | EXISTS l
    RPUSH l a b a c a | LREM l 2 a | LRANGE l 0 -1 | RPUSH l b | LREM l -1 b | LRANGE l 0 -1 | LREM l 0 a
    LREM l x a | LREM none 0 a | LTRIM l 1 -1 | LRANGE l 0 -1 | LTRIM l 5 9 | EXISTS l | LTRIM none 0 1
    LTRIM l x 1 | SET s v | LPUSH s a | LRANGE s 0 1 | LPOP s | LPOP s 0 | LTRIM s 0 1 | LREM s 0 a
    LLEN s | LINDEX s 0 | LINDEX s x | LPUSH l | RPUSH l 1 2 3 4 5 | LTRIM l 1 3 | LRANGE l 0 -1
    LTRIM l -2 -1 | LRANGE l 0 -1 | RPUSH l x y | RPOP l 2 | LPOP l 9223372036854775807
  `,
  sets: `
    SADD s 3 1 2 | SADD s 1 4 | SMEMBERS s | SCARD s | SISMEMBER s 1 | SISMEMBER s 9 | SISMEMBER none 1
    SCARD none | SMEMBERS none | SREM s 1 9 | SREM none 1 | SADD s x | SMEMBERS s | SADD s 10 -5
    SREM s 2 3 4 x 10 -5 | EXISTS s | SET str v | SADD str a | SMEMBERS str | SREM str a | SISMEMBER str a
    SCARD str | SADD s
  `,
  "sorted sets by member": `
    ZADD z 1 a 2 b 3 c | ZADD z 5 a | ZSCORE z a | ZADD z NX 9 a 4 d | ZADD z XX 9 a 4 e
    ZADD z GT 8 a 10 b | ZADD z LT 8 a 10 b | ZADD z CH 7 a 7 f | ZADD z XX CH 1 a | ZADD z GT CH 2 a 0 b
    ZADD z INCR 5 a | ZADD z NX INCR 5 a | ZADD z XX INCR 5 zz | ZADD z GT INCR -5 a | ZADD z NX XX 1 a
    ZADD z GT LT 1 a | ZADD z NX GT 1 a | ZADD z INCR 1 a 2 b | ZADD z 1 | ZADD z 1 a 2 | ZADD z x a
    ZADD z 1 a x b | ZADD z nan a | ZADD z inf a | ZSCORE z a | ZADD z -inf a | ZINCRBY z inf a
    ZINCRBY z 1.5 b | ZINCRBY z 0.1 new | ZINCRBY z x b | ZSCORE z none | ZSCORE none a | ZMSCORE z a none b | ZMSCORE none a b | ZMSCORE z | ZCARD z
    ZCARD none | ZREM z a zz | ZREM none a | ZRANGE z 0 -1 WITHSCORES | ZADD none XX 1 a | EXISTS none
    ZADD z 1e20 big 1e-7 small 123456789012345680 wide 0.1 tenth 3 int -0 zero | ZRANGE z 0 -1 WITHSCORES
    ZREM z b c d f new big small wide tenth int zero | EXISTS z | SET s v | ZADD s 1 a | ZSCORE s a
    ZINCRBY s 1 a | ZREM s a | ZCARD s | ZADD z BOGUS 1 a | ZADD z NX | ZADD s XX 1 a | ZADD z 1 a 1 a 2 a
    ZADD z .5 half 5. five 1e400 huge | ZRANGE z 0 -1 WITHSCORES | ZADD z (1 a | ZADD z 17179869184.5 a
    ZSCORE z a
  `,
  "sorted sets by range": `
    ZADD z 1 a 2 b 2 bb 3 c 4.5 d | ZRANGE z 0 -1 | ZRANGE z 1 2 | ZRANGE z -2 -1 | ZRANGE z 3 1
    ZRANGE z 0 -1 REV | ZRANGE z 0 1 REV WITHSCORES | ZREVRANGE z 0 1 | ZREVRANGE z 0 -1 WITHSCORES
    ZRANGE z 2 3 BYSCORE | ZRANGE z (2 3 BYSCORE | ZRANGE z (2 (3 BYSCORE | ZRANGE z -inf +inf BYSCORE
    ZRANGE z -inf +inf BYSCORE LIMIT 1 2 | ZRANGE z 3 1 BYSCORE REV
    ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2 WITHSCORES | ZRANGE z 3 1 BYSCORE | ZRANGE z 0 -1 LIMIT 1 2
    ZRANGE z 0 -1 LIMIT 0 -1 | ZRANGE z x 1 | ZRANGE z x 1 BYSCORE | ZRANGE z 0 -1 bogus
    ZRANGE z -inf +inf BYSCORE LIMIT -1 2 | ZRANGE z -inf +inf BYSCORE LIMIT 0 -5
    ZRANGE z -inf +inf BYSCORE LIMIT 9 1 | ZRANGE z -inf +inf BYSCORE LIMIT x 1 | ZRANGE none 0 -1
    ZRANGEBYSCORE z 2 3 WITHSCORES LIMIT 1 1 | ZRANGEBYSCORE z 2 3 REV | ZRANGEBYSCORE z -inf (2
    ZREVRANGEBYSCORE z 3 2 | ZREVRANGE z 0 -1 LIMIT 0 1 | ZCOUNT z 2 3 | ZCOUNT z (2 +inf | ZCOUNT z 3 2
    ZCOUNT z x 1 | ZCOUNT none 0 1 | ZREMRANGEBYSCORE z (2 3 | ZRANGE z 0 -1 | ZREMRANGEBYSCORE z x 3
    ZREMRANGEBYRANK z 0 0 | ZREMRANGEBYRANK z -1 -1 | ZRANGE z 0 -1 WITHSCORES | ZREMRANGEBYRANK z x 1
    ZREMRANGEBYRANK none 0 1 | ZADD z 1 a 5 e | ZPOPMIN z | ZPOPMIN z 2 | ZPOPMIN z 0 | ZPOPMIN z -1
    ZPOPMIN z x | ZPOPMIN z 1 2 | ZPOPMIN none | ZPOPMIN none 0 | ZPOPMIN z 99 | EXISTS z | SET s v
    ZRANGE s 0 -1 | ZPOPMIN s | ZPOPMIN s 0 | ZCOUNT s 0 1 | ZREMRANGEBYSCORE s 0 1
    ZREMRANGEBYRANK s 0 1 | ZREVRANGE s 0 1 | ZADD z 0 a 0 B 0 b 0 '' 0 é | ZRANGE z 0 -1
    ZRANGE z 0 -1 LIMIT | ZRANGE z 5 1 WITHSCORES LIMIT 0 1
  `,
  HyperLogLogs: `
    PFADD p a b c | PFADD p a | PFADD p | PFADD q | PFCOUNT p | PFCOUNT q | PFCOUNT none
    PFADD q c d é 😀 | PFCOUNT q | PFCOUNT p q | PFMERGE m p q | PFCOUNT m | PFMERGE m | SET s v
    PFADD s a | PFCOUNT s | PFMERGE s p | LPUSH l a | PFADD l a | PFCOUNT l | PFCOUNT long
    PFMERGE m long | PFCOUNT m
  `,
  "the server and unknown commands": `
    PING | PING hello | PING a b | ECHO x | ECHO | WAIT 0 0 | WAIT x 0 | WAIT 0 x | WAIT 0 | WAIT 0 -1
    NOSUCH | NOSUCH a b | get | GET | GET a b | SCRIPT | SCRIPT NOSUCH | SCRIPT LOAD | SCRIPT EXISTS
    SCRIPT EXISTS 0000000000000000000000000000000000000000 x | SCRIPT FLUSH bogus | SCRIPT FLUSH | TIME x
    DBSIZE x | FLUSHALL a b | '' | é é
  `,
};

/** What the notation above cannot hold: spaces, zero bytes, line breaks, many words. */
const ODD_WORDS: readonly (readonly string[])[] = [
  ["SET", "spaced key", "a b\r\nc"],
  ["GET", "spaced key"],
  ["SET", "n", " 1"],
  ["INCR", "n"],
  ["INCRBYFLOAT", "f", " 1"],
  ["SET", "zero\0byte", "\0\u0001\u007f\u0080ÿ\u{10ffff}"],
  ["GET", "zero\0byte"],
  ["KEYS", "zero\0*"],
  ["PFADD", "long", ...Array.from({ length: 2000 }, (_, i) => `element-${i}`)],
  ["PFCOUNT", "long"],
  ["PFADD", "p", "a", "element-7", "b"],
  ["PFCOUNT", "long", "p"],
  ["NOSUCH", "a\r\nb", "x".repeat(200), "never"],
  ["no\0such", "a\0b"],
  ["x".repeat(200)],
  ["RPUSH", "many", ...Array.from({ length: 300 }, (_, i) => `item ${i}`)],
  ["LRANGE", "many", "0", "-1"],
];

for (const [claim, text] of Object.entries(SEQUENCES)) {
  test(claim, async () => {
    await same(["FLUSHALL"]);
    for (const command of commandsOf(text)) await same(command);
  });
}

test("words of any characters and number", async () => {
  await same(["FLUSHALL"]);
  for (const command of ODD_WORDS) await same(command);
});

test("a pipeline goes on after an error, and each command answers in its place", async () => {
  const text =
    "FLUSHALL | SET a 1 | INCR a | LPUSH a x | NOSUCH | GET | SUBSCRIBE x | GET a | MGET a b | WAIT 0 10";
  await same(commandsOf(text), "/pipeline");
});

test("a transaction runs whole, with its commands' errors inside, or not at all", async () => {
  const run = (text: string) => same(commandsOf(text), "/multi-exec");
  await run("FLUSHALL | SET a 1 | LPUSH a x | INCR a | GET a");
  await run("SET a 2 | NOSUCH | GET a");
  await run("SET a 2 | GET | GET a");
  await run("SET a 2 | SUBSCRIBE x");
  await run("GET a");
});

test("numbers and booleans in a command are their text", async () => {
  await same(["SET", "n", 1.5]);
  await same(["GET", "n"]);
  await same(["SET", "n", true]);
  await same(["SET", 1e21, 1234567890123456]);
  await same(["GET", 1e21]);
});

function commandsOf(text: string): string[][] {
  const lines = text.split(/[|\n]/).map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .map((line) => line.split(" ").map((word) => (word === "''" ? "" : word)));
}
