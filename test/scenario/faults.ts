// Without pushes, with edges and Redis killed: what was purged stays purged, and nobody gets an error that the origin didn't give.

import { beforeAll, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { SITE_HOST, type TestCluster } from "../support/cluster.ts";
import { ask, until } from "../support/http.ts";

const WINDOW_MS = 1000;
/** Clocks and rounding. */
const EPSILON_MS = 200;

export const FAULTS_POLICIES = [{ key_pattern: "/*", class: "standard", window_ms: WINDOW_MS }];

/** Declares the tests, on two edges that nothing is pushed to; after the last of them the origin is gone. */
export function faults(stage: () => TestCluster): void {
  let cluster: TestCluster;
  beforeAll(() => {
    cluster = stage();
  });

  const page = (body: () => string) => () => ({ headers: { "cache-control": "max-age=600" }, body: body() });
  const urlOf = (path: string): string => `http://${SITE_HOST}${path}`;

  test("without a push, an edge honours a purge within its window", async () => {
    let body = "old";
    cluster.site.set(
      "/pull",
      page(() => body),
    );
    for (const edge of [0, 1]) expect((await cluster.get(edge, "/pull")).text).toBe("old");
    body = "new";
    const posted = await cluster.invalidate({ urls: [urlOf("/pull")] });
    expect(posted.status).toBe(202);
    const acknowledgedAt = performance.now();
    const late: string[] = [];
    const look = async (edge: number): Promise<string> => {
      const afterMs = performance.now() - acknowledgedAt;
      const { text } = await cluster.get(edge, "/pull");
      if (text === "old" && afterMs > WINDOW_MS + EPSILON_MS) late.push(`edge ${edge} after ${afterMs} ms`);
      return text;
    };
    for (const edge of [0, 1])
      await until(
        () => look(edge),
        (text) => text === "new",
        { withinMs: 10_000, everyMs: 10 },
      );
    expect(late).toEqual([]);
  });

  test("a key whose fetch died with its edge is fetched by another one within a lease", async () => {
    cluster.site.set(
      "/orphan",
      page(() => "orphan"),
    );
    const gate = cluster.site.gate("/orphan");
    const died = cluster.get(0, "/orphan").catch(() => null);
    await gate.holding(1);
    process.kill(-(cluster.edges[0]?.pid() ?? Number.NaN), "SIGKILL");
    expect(await died).toBeNull();
    gate.open();
    const since = performance.now();
    expect((await cluster.get(1, "/orphan")).text).toBe("orphan");
    expect(performance.now() - since).toBeLessThan(LIMITS.leaseDuration + 2000);
    expect(cluster.site.requests("/orphan")).toBe(2);
    await until(
      () => cluster.get(0, "/orphan").catch(() => null),
      (got) => got !== null,
      { withinMs: 20_000, everyMs: 50 },
    );
  });

  test("an edge that was killed comes back with its Cache API, and serves nothing that was purged meanwhile", async () => {
    let body = "old";
    cluster.site.set(
      "/kept",
      page(() => "kept"),
    );
    cluster.site.set(
      "/killed",
      page(() => body),
    );
    for (const path of ["/kept", "/killed"]) await cluster.get(0, path);
    // The list tells for a while of the life before.
    const pid = await until(
      async () => {
        const { items } = (await cluster.call("GET", "/edges")).json;
        return items?.find(({ id }: { id: string }) => id === "edge-1")?.pid;
      },
      (listed) => typeof listed === "number" && listed === cluster.edges[0]?.pid(),
      { withinMs: 10_000 },
    );
    process.kill(pid, "SIGKILL");
    body = "new";
    const purged = await cluster.invalidate({ urls: [urlOf("/killed")] });
    expect(purged.status).toBe(202);
    // Its workerd serves on until it is reaped: what comes back has another leader.
    await until(
      () => cluster.edges[0]?.pid(),
      (now) => typeof now === "number" && now !== pid,
      { withinMs: 10_000 },
    );
    const back = await until(
      () => cluster.get(0, "/killed").catch(() => null),
      (got) => got !== null,
      { withinMs: 20_000, everyMs: 50 },
    );
    expect(back?.text).toBe("new");
    const before = cluster.site.requests("/kept");
    expect((await cluster.get(0, "/kept")).cacheStatus).toMatch(/^tidegate-l1; hit/);
    expect(cluster.site.requests("/kept")).toBe(before);
  }, 40_000);

  test("redis-server killed in the middle of traffic: no 5xx, and what was purged before stays purged", async () => {
    let body = "old";
    cluster.site.set(
      "/purged",
      page(() => body),
    );
    cluster.site.setBelow(
      "/traffic/",
      page(() => "fine"),
    );
    await cluster.get(0, "/purged");
    body = "new";
    await cluster.purge({ urls: [urlOf("/purged")] });
    const statuses = new Map<number, number>();
    let asking = true;
    const traffic = Array.from({ length: 4 }, async (_, client) => {
      for (let i = 0; asking; i++) {
        const got = await cluster.get(client % 2, `/traffic/${i % 50}`);
        statuses.set(got.status, (statuses.get(got.status) ?? 0) + 1);
      }
    });
    const enough = (count: number) =>
      until(
        () => statuses.get(200) ?? 0,
        (seen) => seen > count,
        { withinMs: 20_000 },
      );
    await enough(200);
    const pid = cluster.redis.pid();
    process.kill(pid ?? 0, "SIGKILL");
    await until(
      () => cluster.redis.pid(),
      (now) => now !== null && now !== pid,
      { withinMs: 10_000 },
    );
    await enough((statuses.get(200) ?? 0) + 200);
    asking = false;
    await Promise.all(traffic);
    expect([...statuses.keys()]).toEqual([200]);
    for (const edge of [0, 1]) expect((await cluster.get(edge, "/purged")).text).toBe("new");
    body = "newer";
    // For a moment the control plane's breaker may still say 503, and that the purge be sent again.
    expect((await cluster.purge({ urls: [urlOf("/purged")] })).state).toBe("converged");
    for (const edge of [0, 1]) expect((await cluster.get(edge, "/purged")).text).toBe("newer");
  }, 60_000);

  test("a damaged value in Redis is never served", async () => {
    cluster.site.set(
      "/damaged",
      page(() => "sound"),
    );
    await cluster.get(0, "/damaged");
    const { url, token } = cluster.redis;
    const command = (...words: string[]) =>
      ask(url, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(words),
      });
    const { result: keys } = JSON.parse((await command("KEYS", "tg:a:*")).text) as { result: string[] };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) await command("HSET", key, "b", "ZGFtYWdlZA==");
    expect((await cluster.get(1, "/damaged")).text).toBe("sound");
  });

  test("a database that lost everything: nothing older is served, the loss is reported, and policies come back", async () => {
    let body = "old";
    cluster.site.set(
      "/lost",
      page(() => body),
    );
    for (const edge of [0, 1]) expect((await cluster.get(edge, "/lost")).text).toBe("old");
    const { url, token } = cluster.redis;
    const headers = { authorization: `Bearer ${token}` };
    await ask(url, { method: "POST", headers, body: JSON.stringify(["FLUSHALL"]) });
    body = "new";
    for (const edge of [0, 1]) {
      await until(
        () => cluster.get(edge, "/lost"),
        (got) => got.text === "new",
        { withinMs: WINDOW_MS + 1000 },
      );
    }
    const metrics = await until(
      () => cluster.call("GET", "/cache-metrics"),
      (got) => got.json.log?.losses?.length > 0,
      { withinMs: 5000 },
    );
    const [loss] = metrics.json.log.losses;
    const epochOf = (position: string): number => Number(position.split("-")[0]);
    expect(epochOf(loss.to)).toBeGreaterThan(epochOf(loss.from));
    const dry = { dryRun: true, urls: [urlOf("/lost")] };
    expect((await cluster.call("POST", "/invalidate", dry)).status).toBe(200);
    // Without policies an edge keeps nothing.
    for (const edge of [0, 1])
      await until(
        () => cluster.get(edge, "/lost"),
        (got) => /; hit/.test(got.cacheStatus),
        { withinMs: 10_000 },
      );
  });

  test("a body that broke off is never stored as whole, however large it was announced", async () => {
    for (const [path, announced] of [
      ["/cut/small", 500_000],
      ["/cut/large", 5_000_000],
    ] as const) {
      cluster.site.set(path, {
        headers: { "cache-control": "max-age=600", "content-length": String(announced) },
        body: Buffer.alloc(100_000, "a"),
        breaksOff: true,
      });
      await expect(cluster.get(0, path)).rejects.toThrow();
      cluster.site.set(
        path,
        page(() => "whole"),
      );
      expect((await cluster.get(0, path)).text).toBe("whole");
    }
  });

  test("an answer without content is passed on and stored as one", async () => {
    cluster.site.set("/empty", { status: 204, headers: { "cache-control": "max-age=600" }, body: "" });
    for (const hit of [false, true, true]) {
      const got = await cluster.get(0, "/empty");
      expect([got.status, got.body.length, got.cacheStatus.includes("; hit;")]).toEqual([204, 0, hit]);
    }
  });

  test("with the origin gone, a stale answer stands in where that was declared, and a problem document says so elsewhere", async () => {
    const headers = { "cache-control": "max-age=1, stale-if-error=600" };
    cluster.site.set("/sturdy", { headers, body: "held" });
    expect((await cluster.get(0, "/sturdy")).text).toBe("held");
    await cluster.site.close();
    const stale = await until(
      () => cluster.get(0, "/sturdy"),
      (got) => /detail=stale/.test(got.cacheStatus),
      { withinMs: 5000 },
    );
    expect([stale.status, stale.text]).toEqual([200, "held"]);
    const bare = await cluster.get(0, "/never-seen");
    expect([bare.status, bare.headers["content-type"]]).toEqual([502, "application/problem+json"]);
  });
}
