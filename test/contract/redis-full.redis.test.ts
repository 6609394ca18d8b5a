// A database that has no room: the embedded store refuses what a real redis-server refuses, in scripts too.

import { Redis as Connection } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEmbeddedStore, type EmbeddedStore } from "../../dev/redis/embedded/store.ts";
import { isErrorReply } from "../../dev/redis/reply.ts";
import { type ServerFixture, startServerRest } from "../support/redis-server.ts";

let server: ServerFixture;
let connection: Connection;
let store: EmbeddedStore;
let full = false;

beforeAll(async () => {
  server = await startServerRest();
  connection = new Connection({ port: server.port, host: "127.0.0.1" });
  store = await createEmbeddedStore({ now: Date.now, isFull: () => full });
});
afterAll(async () => {
  connection?.disconnect();
  await server?.stop();
});

async function fill(is: boolean): Promise<void> {
  await connection.config("SET", "maxmemory", is ? "1" : "0");
  full = is;
}

/** Whether either of them has no room for it. */
async function refused(args: readonly string[]): Promise<{ server: boolean; store: boolean }> {
  const [name = "", ...rest] = args;
  const real = await connection.call(name, rest).then(
    () => "",
    (error: Error) => error.message,
  );
  const reply = store.call(args);
  const ours = isErrorReply(reply) ? reply.message : "";
  // What they say of a script's place differs by its line alone.
  expect(ours.split(" script:")[0]).toBe(real.split(" script:")[0]);
  return { server: real.startsWith("OOM "), store: ours.startsWith("OOM ") };
}

const GROWING = [
  ...["SET a 1", "APPEND a 1", "MSET a 1", "INCR n", "DECR n", "INCRBY n 1", "DECRBY n 1"],
  ...["INCRBYFLOAT n 1", "HSET h a 1", "HSETNX h b 1", "HINCRBY h c 1", "LPUSH l a", "RPUSH l a"],
  ...["SADD s a", "ZADD z 1 a", "ZINCRBY z 1 a", "PFADD p a", "PFMERGE q p"],
];
const OTHERS = [
  ...["GET a", "GETDEL a", "EXPIRE h 100", "PEXPIRE h 100000", "PERSIST h", "EXPIREAT h 9999999999"],
  ...["PEXPIREAT h 9999999999999", "HDEL h a", "LREM l 1 a", "LTRIM l 0 0", "LPOP l", "RPOP l", "SREM s a"],
  ...["ZREM z a", "ZREMRANGEBYSCORE z 0 1", "ZREMRANGEBYRANK z 0 1", "ZPOPMIN z", "DEL h", "UNLINK l"],
  ...["HGETALL h", "ZRANGE z 0 -1", "PFCOUNT p", "FLUSHDB"],
];

test("what may take room is refused, and nothing else", async () => {
  for (const isFull of [false, true]) {
    await fill(isFull);
    for (const command of GROWING)
      expect(await refused(command.split(" ")), command).toEqual({ server: isFull, store: isFull });
  }
  for (const command of OTHERS)
    expect(await refused(command.split(" ")), command).toEqual({ server: false, store: false });
  await fill(false);
});

test.each([
  ["whose first write may", "return redis.call('SET', 'a', '1')", true],
  ["that reads first", "redis.call('GET', 'a') return redis.call('HSET', 'h', 'a', '1')", true],
  ["that has written by then", "redis.call('DEL', 'a') return redis.call('SET', 'a', '1')", false],
  [
    "whose write before it had no effect",
    "redis.call('ZREM', 'z', '') return redis.call('SET', 'a', '1')",
    false,
  ],
  ["that only makes room", "return redis.call('DEL', 'a')", false],
  ["that takes it for an answer", "return redis.pcall('SET', 'a', '1')['err'] and 1 or 0", false],
])("a script %s", async (_, script, isRefused) => {
  await fill(true);
  expect(await refused(["EVAL", script, "0"])).toEqual({ server: isRefused, store: isRefused });
  await fill(false);
});
