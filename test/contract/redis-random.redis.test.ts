// Random sequences of commands, right and wrong ones, get the same answers from both stores.
import fc from "fast-check";
import { afterAll, beforeAll, test } from "vitest";
import { type RestPair, startRestPair } from "../support/redis-server.ts";

let pair: RestPair;

beforeAll(async () => {
  pair = await startRestPair();
});

afterAll(() => pair.stop());

const RUNS = 150;
const COMMANDS_A_RUN = 60;
/** A longer hunt: `TIDEGATE_RUNS=5000 TIDEGATE_SEED=1`. */
const runs = Number(process.env.TIDEGATE_RUNS ?? RUNS);
const seed = process.env.TIDEGATE_SEED === undefined ? {} : { seed: Number(process.env.TIDEGATE_SEED) };
const TIMEOUT_MS = 600_000;

/** What a capital letter stands for. No lifetime here runs out, or is rounded, while a sequence runs. */
const WORDS: Record<string, readonly string[]> = {
  K: ["a", "b", "c"],
  V: ["v", "w", "10", "-3", "1.5", "", "x y", "9223372036854775807", "é", "3.0e3"],
  M: ["a", "b", "c", "1", "2", "-5", "", "é", "007"],
  I: [
    "0",
    "1",
    "-1",
    "2",
    "-2",
    "3",
    "100",
    "-100",
    "x",
    "1.5",
    "",
    "9223372036854775807",
    "-9223372036854775808",
  ],
  F: [
    "1",
    "-1",
    "0.1",
    "1.5",
    "2",
    "3",
    "inf",
    "-inf",
    "nan",
    "x",
    "1e17",
    "-0.5",
    "1e-5",
    ".5",
    "-0",
    "17179869184.25",
  ],
  R: ["-inf", "+inf", "0", "1", "(1", "2", "(2", "1.5", "x", "(inf", ""],
  T: ["100", "1000", "-1", "0", "x", "9223372036854775807", "7200"],
  O: ["NX", "XX", "GET", "KEEPTTL", "EX", "100", "PX", "100000", "ex"],
  // Not GT and LT: whether two equal lifetimes end at the same instant is a race.
  E: ["NX", "XX", "bogus"],
  Z: ["NX", "XX", "GT", "LT", "CH", "INCR", "1", "a"],
  Q: ["WITHSCORES", "LIMIT", "REV", "0", "1", "-1", "BYSCORE", "withscores"],
  P: ["p", "q"],
};

const SHAPES = `
  SET K V | SET K V | SET K V O | SET K V O O | SET K V O O O | GET K | GETDEL K | STRLEN K | APPEND K V | MGET K K K
  MSET K V K V | INCR K | DECR K | INCRBY K I | DECRBY K I | INCRBYFLOAT K F | DEL K | DEL K K | UNLINK K | EXISTS K K
  TYPE K | EXPIRE K T | EXPIRE K T E | EXPIRE K T E E | PERSIST K | TTL K | DBSIZE | KEYS * | SCAN 0 COUNT 1000
  HSET K M V | HSET K M V M V | HSETNX K M V | HGET K M | HMGET K M M | HGETALL K | HDEL K M M | HEXISTS K M | HLEN K
  HINCRBY K M I | HKEYS K | HVALS K | HSTRLEN K M | LPUSH K V V | RPUSH K V V V | LPOP K | RPOP K | LPOP K I | RPOP K I
  LLEN K | LRANGE K I I | LINDEX K I | LTRIM K I I | LREM K I V | SADD K M M M | SADD K I I | SREM K M | SMEMBERS K
  SISMEMBER K M | SCARD K | ZADD K F M F M | ZADD K F M | ZADD K Z F M | ZADD K Z Z F M F M | ZREM K M M | ZSCORE K M | ZMSCORE K M M
  ZCARD K | ZINCRBY K F M | ZCOUNT K R R | ZRANGE K I I | ZRANGE K I I Q | ZRANGE K R R BYSCORE | ZRANGE K R R BYSCORE Q Q Q
  ZRANGE K 0 -1 WITHSCORES | ZRANGE K R R BYSCORE REV LIMIT I I WITHSCORES | ZRANGEBYSCORE K R R Q Q Q Q | ZREVRANGE K I I Q
  ZRANGEBYSCORE K R R LIMIT I I | ZREMRANGEBYSCORE K R R | ZREMRANGEBYRANK K I I | ZPOPMIN K | ZPOPMIN K I
  PFADD P M M | PFADD P V | PFCOUNT P P | PFMERGE P P | TYPE P | SET K | HSET K M | ZADD K | EXPIRE K | NOSUCH K V
`;

const shape = fc.oneof(
  ...SHAPES.split(/[|\n]/)
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text) => fc.tuple(...text.split(" ").map((word) => fc.constantFrom(...(WORDS[word] ?? [word]))))),
);

/** Through Lua and back; what has no order of its own stays outside. */
const inScript = fc
  .tuple(shape, fc.constantFrom("call", "pcall"))
  .filter(([command]) => !/^(?:SMEMBERS|KEYS|SCAN)$/.test(command[0] ?? ""))
  .map(([command, how]) => ["EVAL", `return redis.${how}(unpack(ARGV))`, "0", ...command]);

const sequence = fc.array(fc.oneof({ arbitrary: shape, weight: 5 }, { arbitrary: inScript, weight: 1 }), {
  minLength: 1,
  maxLength: COMMANDS_A_RUN,
  size: "max",
});

test("random commands", { timeout: TIMEOUT_MS }, async () => {
  const property = fc.asyncProperty(sequence, (commands) =>
    pair.same([["FLUSHALL"], ...commands], "/pipeline"),
  );
  await fc.assert(property, { numRuns: runs, ...seed });
});

const number = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer().map((n) => n / 100),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1e17, 99999999999999984, 1e16, 0.0001, 0.00001, 2 ** 63, -(2 ** 63)),
);

/** Decimal digits enough for the exact double. */
const literal = number.map((n) =>
  Number.isFinite(n) ? n.toExponential(20).replace("e+", "e") : n > 0 ? "inf" : "-inf",
);

test("random numbers as scores, Lua numbers and increments", { timeout: TIMEOUT_MS }, async () => {
  const property = fc.asyncProperty(literal, literal, (a, b) => {
    const inLua = "local n = ({inf = 1/0, ['-inf'] = -1/0})[ARGV[1]] or tonumber(ARGV[1]) ";
    return pair.same(
      [
        ["FLUSHALL"],
        ["ZADD", "z", a, "m"],
        ["ZINCRBY", "z", b, "m"],
        ["ZSCORE", "z", "m"],
        ["EVAL", `${inLua} return {n, tostring(n), redis.call('ECHO', n)}`, "0", a],
        ["SET", "s", a.replace(/e[+-]?[0-9]+$/, "")],
        ["INCRBYFLOAT", "s", b.replace(/e[+-]?[0-9]+$/, "")],
        ["INCRBYFLOAT", "s", "1e-17"],
      ],
      "/pipeline",
    );
  });
  await fc.assert(property, { numRuns: runs, ...seed });
});

test("random patterns", { timeout: TIMEOUT_MS }, async () => {
  const text = (alphabet: string) =>
    fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 8 });
  const property = fc.asyncProperty(
    fc.array(text("ab-^]\\é"), { maxLength: 8 }),
    text("ab*?[]^-\\é"),
    (keys, pattern) =>
      pair.same([["FLUSHALL"], ...keys.map((key) => ["SET", key, "v"]), ["KEYS", pattern]], "/pipeline"),
  );
  await fc.assert(property, { numRuns: runs, ...seed });
});
