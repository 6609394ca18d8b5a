// Alerts in Redis, on a real server and the embedded store alike: one evaluation at a time, nothing half written.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { type AlertStore, createAlertStore } from "../../shared/mid-tier/alerts.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { BACKENDS, type RestFixture, replyTo } from "../support/redis-server.ts";

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let store: AlertStore;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    store = createAlertStore(redis, millis(2000));
  });
  afterAll(() => rest.stop());
  beforeEach(() => replyTo(redis, "FLUSHALL"));

  const read = async () => {
    const outcome = await store.read();
    if (outcome.kind === "unavailable") throw new Error(outcome.reason);
    return outcome;
  };
  const commit = (
    revision: string,
    set: Record<string, string>,
    forget: string[] = [],
    acks: string[] = [],
  ) =>
    store.commit({
      ...{ revision, evaluation: `as of ${revision}`, set: new Map(Object.entries(set)) },
      ...{ forget, forgetAcks: acks },
    });

  test("begins with none", async () => {
    const { alerts, acks, told, revision, evaluation, now } = await read();
    expect([alerts.size, acks.size, told.size, revision, evaluation]).toEqual([0, 0, 0, "0", null]);
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
  });

  test("takes an evaluation in, and another one only where it rests on that", async () => {
    expect(await commit("0", { "a|x=1": "{}", b: "[]" })).toEqual({ kind: "kept" });
    const { revision } = await read();
    expect(await commit("0", { "a|x=1": "other" }, ["b"])).toEqual({ kind: "overtaken" });
    expect(await read()).toMatchObject({ revision, evaluation: "as of 0" });
    expect(Object.fromEntries((await read()).alerts)).toEqual({ "a|x=1": "{}", b: "[]" });
    expect(await commit(revision, { c: "1" }, ["a|x=1", "b"])).toEqual({ kind: "kept" });
    expect(Object.fromEntries((await read()).alerts)).toEqual({ c: "1" });
  });

  test("of many that rest on the same one is taken in", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, at) => commit("0", { winner: String(at) })),
    );
    const kept = outcomes.flatMap(({ kind }, at) => (kind === "kept" ? [String(at)] : []));
    expect(kept).toHaveLength(1);
    expect((await read()).alerts.get("winner")).toBe(kept[0]);
  });

  test("forgets acknowledgements with what they are of, and keeps all others", async () => {
    await store.acknowledge("one", "by ada");
    await store.acknowledge("two", "by bob");
    await commit("0", {}, [], ["one"]);
    expect(Object.fromEntries((await read()).acks)).toEqual({ two: "by bob" });
  });

  test("notes what was told, and forgets it", async () => {
    await store.tell(
      new Map([
        ["a", "told"],
        ["b", "told too"],
      ]),
      [],
    );
    await store.tell(new Map([["c", "1"]]), ["a"]);
    expect(Object.fromEntries((await read()).told)).toEqual({ b: "told too", c: "1" });
  });

  test("says so where Redis holds something else under its names", async () => {
    await replyTo(redis, "SET", "tg:alerts", "text");
    expect((await store.read()).kind).toBe("unavailable");
    expect((await commit("0", { a: "1" })).kind).toBe("unavailable");
  });
});
