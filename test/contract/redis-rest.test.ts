// The REST gateway as @upstash/redis and plain HTTP see it, the same in front of either backend.
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ask, type RestFixture, startEmbeddedRest, startServerRest, until } from "../support/redis-server.ts";

const LIMIT_BYTES = 10 * 1024 * 1024;
const withoutServer = (process.env.TIDEGATE_WITHOUT ?? "").split(",").includes("redis");
const backends = [
  ["the embedded store", () => startEmbeddedRest()],
  ...(withoutServer ? [] : [["redis-server", () => startServerRest({ deadlineMs: 10_000 })] as const]),
] as const;

describe.each(backends)("%s", (_, start) => {
  let rest: RestFixture;
  let redis: Redis;

  beforeAll(async () => {
    rest = await start();
    redis = new Redis({
      url: rest.url,
      token: rest.token,
      automaticDeserialization: false,
      enableAutoPipelining: false,
      enableTelemetry: false,
      responseEncoding: "base64",
      retry: { retries: 0 },
    });
  });

  afterAll(() => rest.stop());

  beforeEach(async () => {
    await redis.flushall();
  });

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(rest.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${rest.token}`, ...headers },
      body,
    });

  test("the client reads back what it wrote", async () => {
    expect(await redis.set("k", "ünï 😀 \0")).toBe("OK");
    expect(await redis.get("k")).toBe("ünï 😀 \0");
    expect(await redis.get("none")).toBeNull();
    expect(await redis.set("k", "v", { nx: true })).toBeNull();
    expect(await redis.hset("h", { a: "1", b: "OK" })).toBe(2);
    expect(await redis.hmget("h", "a", "b", "c")).toEqual(["1", "OK", null]);
    expect(await redis.set("ok", "OK")).toBe("OK");
    expect(await redis.get("ok")).toBe("OK");
  });

  test("a lifetime shortens, and a key is gone when it is over", async () => {
    await redis.set("k", "v", { px: 60_000 });
    const remaining = await redis.pttl("k");
    expect(remaining).toBeGreaterThan(50_000);
    expect(remaining).toBeLessThanOrEqual(60_000);
    await redis.pexpire("k", 1);
    await until("the key has expired", async () => (await redis.exists("k")) === 0);
    expect(await redis.get("k")).toBeNull();
  });

  test("a script runs by text and by digest, and an unknown digest says so", async () => {
    const script = "redis.call('SET', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), 1.9, false}";
    expect(await redis.eval(script, ["k"], ["v"])).toEqual(["v", 1, null]);
    const sha = await redis.scriptLoad(script);
    expect(await redis.evalsha(sha, ["k"], ["w"])).toEqual(["w", 1, null]);
    await expect(redis.evalsha("0".repeat(40), [], [])).rejects.toThrow("NOSCRIPT No matching script");
    const [seconds, micros] = await redis.time();
    expect(Math.abs(Number(seconds) * 1000 + Number(micros) / 1000 - Date.now())).toBeLessThan(60_000);
  });

  test("a pipeline answers each command, a transaction all of them", async () => {
    const pipeline = redis.pipeline().set("a", "1").lpush("a", "x").get("a");
    const results = await pipeline.exec({ keepErrors: true });
    expect(results.map(({ result }) => result)).toEqual(["OK", undefined, "1"]);
    expect(results[1]?.error).toContain("WRONGTYPE");
    expect(await redis.multi().incr("n").incr("n").get("n").exec()).toEqual([1, 2, "2"]);
  });

  test("an error is its text with status 400", async () => {
    await redis.set("k", "v");
    await expect(redis.lpush("k", "x")).rejects.toThrow("WRONGTYPE Operation against a key");
    expect(await ask(rest, "/", ["LPUSH", "k", "x"])).toEqual({
      status: 400,
      body: '{"error":"WRONGTYPE Operation against a key holding the wrong kind of value"}',
    });
  });

  test("strings are in base64 only where that was asked for", async () => {
    await redis.set("k", "value");
    const answers = [["PING"], ["GET", "k"], ["SET", "k", "w"], ["MGET", "k", "none"], ["INCR", "n"]];
    const read = async (headers: Record<string, string>) =>
      (await post("/pipeline", JSON.stringify(answers), headers)).json();
    expect(await read({})).toEqual([
      { result: "PONG" },
      { result: "value" },
      { result: "OK" },
      { result: ["w", null] },
      { result: 1 },
    ]);
    expect(await read({ "upstash-encoding": "base64" })).toEqual([
      { result: "UE9ORw==" },
      { result: "dw==" },
      { result: "OK" },
      { result: ["dw==", null] },
      { result: 2 },
    ]);
  });

  test("WAIT answers at once, alone and in a pipeline of its own connection", async () => {
    expect(await ask(rest, "/", ["WAIT", "0", "0"])).toEqual({ status: 200, body: '{"result":0}' });
    const commands = [
      ["INCR", "n"],
      ["WAIT", "0", "100"],
      ["GET", "n"],
    ];
    const many = await Promise.all(Array.from({ length: 20 }, () => ask(rest, "/pipeline", commands)));
    expect(many.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await redis.get("n")).toBe("20");
  });

  test("without the right token nothing is done", async () => {
    const refused = { error: "WRONGPASS invalid or missing auth token" };
    for (const authorization of ["", "Bearer wrong", rest.token]) {
      const response = await post("/", '["SET","k","v"]', { authorization });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual(refused);
    }
    expect(await redis.get("k")).toBeNull();
  });

  test.each([
    ["/", "", 400],
    ["/", "{", 400],
    ["/", '["SET"', 400],
    ["/", "{}", 400],
    ["/", "[]", 400],
    ["/", '["GET",null]', 400],
    ["/", '["GET",["k"]]', 400],
    ["/pipeline", '["GET","k"]', 400],
    ["/pipeline", "[]", 400],
    ["/multi-exec", "[[]]", 400],
    ["/nosuch", '["PING"]', 404],
  ])("POST %s %s is refused", async (path, body, status) => {
    const response = await post(path, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^ERR /) });
  });

  test("a body of 10 MiB is taken, a larger one refused, announced or not", async () => {
    const command = (bytes: number) => JSON.stringify(["SET", "k", "x".repeat(bytes)]);
    expect((await post("/", command(LIMIT_BYTES - 100))).status).toBe(200);
    expect(await redis.strlen("k")).toBe(LIMIT_BYTES - 100);
    expect((await post("/", command(LIMIT_BYTES))).status).toBe(413);
    const chunks = new Blob([command(LIMIT_BYTES)]).stream();
    const headers = { authorization: `Bearer ${rest.token}` };
    const chunked = await fetch(rest.url, { method: "POST", headers, body: chunks, duplex: "half" });
    expect(chunked.status).toBe(413);
    expect(await chunked.json()).toEqual({ error: expect.stringContaining("max request size exceeded") });
  });

  test("the sync token never goes back behind what a client has seen", async () => {
    const token = async (seen: string) =>
      Number((await post("/", '["PING"]', { "upstash-sync-token": seen })).headers.get("upstash-sync-token"));
    const first = await token("");
    expect(await token("")).toBeGreaterThan(first);
    expect(await token("1000000")).toBeGreaterThan(1_000_000);
  });

  test("INFO tells memory, role and number of keys", async () => {
    await redis.mset({ a: "1", b: "2" });
    const answer = await post("/", '["INFO"]');
    const { result } = (await answer.json()) as { result: string };
    for (const line of [
      /^used_memory:\d+\r$/m,
      /^maxmemory:\d+\r$/m,
      /^role:master\r$/m,
      /^db0:keys=2,expires=0,/m,
    ]) {
      expect(result).toMatch(line);
    }
  });

  test("a scan meets every key that stays, once or more", async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
    await redis.mset(Object.fromEntries([...keys, "other"].map((key) => [key, "v"])));
    const found = new Set<string>();
    let cursor = "0";
    do {
      const [next, some] = await redis.scan(cursor, { match: "key:*", count: 20 });
      for (const key of some) found.add(key);
      if (cursor === "0") await redis.del("other");
      cursor = next;
    } while (cursor !== "0");
    expect([...found].sort()).toEqual(keys.sort());
  });
});
