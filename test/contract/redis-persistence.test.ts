// The embedded store's log: what was acknowledged is there after a restart, and a torn last record is dropped.
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EffectsLog } from "../../dev/redis/embedded/effects-log.ts";
import { createEmbeddedStore, type EmbeddedStore } from "../../dev/redis/embedded/store.ts";

let dir: string;
let file: string;
let time: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tidegate-store-"));
  file = join(dir, "sub", "store.log");
  time = 1_700_000_000_000.5;
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = () => createEmbeddedStore({ now: () => time, persistence: { file } });

const WRITES = [
  ["SET", "string", "v"],
  ["SET", "mortal", "v", "PX", "5000"],
  ["HSET", "hash", "a", "1", "b", "2"],
  ["RPUSH", "list", "x", "y", "x"],
  ["SADD", "set", "1", "two"],
  ["ZADD", "zset", "0.1", "a", "-inf", "b"],
  ["PFADD", "loglog", "a", "b", "c"],
  ["INCRBYFLOAT", "float", "0.1"],
  [
    "EVAL",
    "for i = 0, 255 do redis.call('APPEND', 'bytes', string.char(i)) end return redis.call('INCR', 'n')",
    "0",
  ],
  [
    "EVAL",
    "redis.call('SET', 'time', redis.call('TIME')[1]) redis.call('SET', 'r', math.random()) error('late')",
    "0",
  ],
];

const READS = [
  ["GET", "string"],
  ["PTTL", "mortal"],
  ["HGETALL", "hash"],
  ["LRANGE", "list", "0", "-1"],
  ["SMEMBERS", "set"],
  ["ZRANGE", "zset", "0", "-1", "WITHSCORES"],
  ["PFCOUNT", "loglog"],
  ["GET", "float"],
  ["GET", "bytes"],
  ["GET", "n"],
  ["GET", "time"],
  ["GET", "r"],
  ["DBSIZE"],
];

const readAll = (store: EmbeddedStore) => store.pipeline(READS);

test("every type, a script's effects and lifetimes survive a restart", async () => {
  const before = await open();
  for (const command of WRITES) before.call(command);
  const expected = readAll(before);
  before.close();
  const after = await open();
  expect(readAll(after)).toEqual(expected);
  time += 4_000;
  expect(after.call(["PTTL", "mortal"])).toBe(1_000);
  after.close();
  time += 2_000;
  const later = await open();
  expect(later.call(["EXISTS", "mortal"])).toBe(0);
  later.close();
});

test("an acknowledged write is in the file when the call returns", async () => {
  const store = await open();
  store.call(["SET", "k", "v"]);
  expect(readFileSync(file, "latin1")).toContain('["SET","k","v"]');
  const size = statSync(file).size;
  store.call(["GET", "k"]);
  store.call(["SET", "k", "w", "NX"]);
  store.call(["LPUSH", "k", "x"]);
  expect(statSync(file).size).toBe(size);
  store.close();
});

test("whatever its last record lost, the log gives all records before it, and goes on", async () => {
  const store = await open();
  store.call(["SET", "first", "1"]);
  const whole = statSync(file).size;
  store.pipeline([["SET", "second", "2"]]);
  store.close();
  const full = readFileSync(file);
  // Each file that is opened is waited for until the disk has it.
  for (let size = whole; size < full.length; size += size > full.length - 4 ? 1 : 3) {
    writeFileSync(file, full);
    truncateSync(file, size);
    const torn = await open();
    expect(torn.call(["MGET", "first", "second"])).toEqual([Buffer.from("1"), null]);
    torn.call(["SET", "third", "3"]);
    torn.close();
    const again = await open();
    expect(again.call(["MGET", "first", "third"])).toEqual([Buffer.from("1"), Buffer.from("3")]);
    again.close();
  }
  writeFileSync(file, full);
  appendFileSync(file, "garbage that is no record at all");
  const garbled = await open();
  expect(garbled.call(["GET", "second"])).toEqual(Buffer.from("2"));
  garbled.close();
});

test("a log rewritten as a snapshot says the same", async () => {
  const store = await open();
  for (const command of WRITES) store.call(command);
  const expected = readAll(store);
  for (let i = 0; i < 100; i++) store.call(["SET", "overwritten", String(i).repeat(1000)]);
  store.call(["DEL", "overwritten"]);
  const size = statSync(file).size;
  store.rewriteLog();
  expect(statSync(file).size).toBeLessThan(size / 2);
  store.call(["INCR", "after"]);
  store.close();
  const again = await open();
  expect(again.call(["GET", "after"])).toEqual(Buffer.from("1"));
  again.call(["DEL", "after"]);
  expect(readAll(again)).toEqual(expected);
  again.close();
});

test("a log that could not be written takes nothing more", () => {
  const log = EffectsLog.open(file, () => {});
  log.close();
  log.append({ at: 0, commands: [["SET", "k", "v"]] });
  expect(() => log.flush()).toThrow("cannot write");
  log.append({ at: 0, commands: [["SET", "k", "w"]] });
  expect(() => log.flush()).toThrow("cannot write");
});

test("two stores given the same times and commands give the same replies", async () => {
  const script = "return {redis.call('TIME'), tostring(math.random()), redis.call('PTTL', KEYS[1])}";
  const run = async () => {
    let clock = 1000.25;
    const store = await createEmbeddedStore({ now: () => clock });
    store.call(["SET", "k", "v", "PX", "10"]);
    const replies = Array.from({ length: 30 }, () => {
      clock += 0.5;
      return store.call(["EVAL", script, "1", "k"]);
    });
    store.close();
    return replies;
  };
  expect(await run()).toEqual(await run());
});

test("a key lives to its last millisecond and not longer", async () => {
  const store = await open();
  store.call(["SET", "k", "v", "PX", "100"]);
  time += 100;
  expect(store.call(["PTTL", "k"])).toBe(0);
  time += 1;
  expect(store.call(["PTTL", "k"])).toBe(-2);
  expect(store.call(["DBSIZE"])).toBe(0);
  store.close();
});
