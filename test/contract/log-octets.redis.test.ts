// Of long URLs the log keeps fewer: its entries and its index are bounded by their octets as well as by their number.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bytes, type Selector } from "../../shared/core/units.ts";
import { LOG_ENTRIES, LOG_HEAD, LOG_INDEX, LOG_INDEX_ORDER } from "../../shared/mid-tier/keys.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import type { Log } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { BACKENDS, type RestFixture, replyTo } from "../support/redis-server.ts";

const ENTRY_OCTETS = 4000;
const SELECTOR_OCTETS = 2000;
const long = (name: string): Selector => `s u shop.test/${name}?${"x".repeat(800)}` as Selector;
const short = (name: string): Selector => `s t ${name}` as Selector;

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let log: Log;
  let operations = 0;

  beforeAll(async () => {
    rest = await start();
    redis = upstashRedis(rest);
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
    log = limited(ENTRY_OCTETS, SELECTOR_OCTETS);
  });

  const limited = (entryOctets: number, selectorOctets: number): Log =>
    createLog(redis, {
      ...{ ...LOG_LIMITS, entriesKept: 1000, selectorsKept: 1000 },
      ...{ entryOctetsKept: bytes(entryOctets), selectorOctetsKept: bytes(selectorOctets) },
    });
  const run = (...command: RedisArgument[]): Promise<unknown> => replyTo(redis, ...command.map(String));
  async function append(...selectors: Selector[]): Promise<void> {
    operations += 1;
    const by = { operationId: `operation-${operations}`, requestDigest: "d", actor: "edge/one", replicas: 0 };
    const payload = { kind: "invalidate", mode: "hard", selectors } as const;
    const outcome = await log.append({ ...by, action: "invalidate", detail: "", payload });
    expect(outcome.kind).toBe("appended");
  }
  const sizes = async (key: string): Promise<number[]> =>
    ((await run("HVALS", key)) as string[]).map((text) => text.length);
  const sum = (numbers: readonly number[]): number => numbers.reduce((so, one) => so + one, 0);
  const indexed = async (): Promise<string[]> =>
    (await run("ZRANGE", LOG_INDEX_ORDER, "0", "-1")) as string[];
  /** What the log says of itself: octets of its entries and of its selectors. */
  const counted = async (): Promise<number[]> =>
    String(await run("HGET", LOG_HEAD, "octets"))
      .split(" ")
      .slice(3)
      .map(Number);

  test("entries of many octets push out as many octets of others, and whoever is further behind is told", async () => {
    const snapshot = await log.snapshot(0);
    if (snapshot.kind !== "snapshot") throw new Error(snapshot.kind);
    for (let i = 0; i < 20; i++) await append(short(`tag-${i}`));
    expect((await log.since(snapshot.head, 100)).kind).toBe("entries");
    for (let i = 0; i < 6; i++) await append(long(`page-${i}`));
    const kept = await sizes(LOG_ENTRIES);
    expect(sum(kept)).toBeLessThanOrEqual(ENTRY_OCTETS);
    expect(await counted()).toEqual([sum(kept), expect.any(Number)]);
    expect(await log.since(snapshot.head, 100)).toEqual({ kind: "unknown", reason: "trimmed" });
    const { epoch } = snapshot.head;
    expect(await log.check([short("tag-0")], { epoch, seq: 25 })).toMatchObject({ kind: "ok" });
  });

  test("so do selectors, each counted once; below what has gone nothing is known, above it all is", async () => {
    for (let i = 0; i < 20; i++) await append(short(`tag-${i}`));
    await append(long("a"));
    await append(long("a"), long("b"));
    await append(long("c"));
    expect(await indexed()).toEqual([long("b"), long("c")]);
    expect(await counted()).toEqual([expect.any(Number), sum((await indexed()).map(({ length }) => length))]);
    const { epoch } = (await headOf()) ?? { epoch: 0 };
    expect(await log.check([long("a")], { epoch, seq: 21 })).toEqual({ kind: "unknown" });
    expect(await log.check([long("c")], { epoch, seq: 22 })).toEqual({ kind: "hit" });
    expect(await log.check([short("tag-1")], { epoch, seq: 22 })).toMatchObject({ kind: "ok" });
  });

  test("one that is larger than all may be stands alone, and the next ones take its place", async () => {
    const huge = `s u shop.test/?${"x".repeat(2 * ENTRY_OCTETS)}` as Selector;
    await append(short("before"));
    await append(huge);
    expect([await sizes(LOG_ENTRIES), await indexed()]).toEqual([[expect.any(Number)], []]);
    await append(short("after"));
    await append(short("last"));
    expect([await sizes(LOG_ENTRIES), await indexed()]).toMatchObject([
      { length: 2 },
      [short("after"), short("last")],
    ]);
  });

  test("what was counted in another epoch, or is not there, keeps nothing from being kept", async () => {
    await append(short("one"));
    const { epoch } = (await headOf()) ?? { epoch: 0 };
    await run("HSET", LOG_HEAD, "octets", `${epoch - 1} 1 1 ${2 * ENTRY_OCTETS} ${2 * SELECTOR_OCTETS}`);
    await append(short("two"));
    expect([await indexed(), await sizes(LOG_ENTRIES)]).toMatchObject([{ length: 2 }, { length: 2 }]);
    await run("HSET", LOG_HEAD, "octets", `${epoch} 2 1 ${2 * ENTRY_OCTETS} ${2 * SELECTOR_OCTETS}`);
    await append(short("three"));
    await append(short("four"));
    expect(await indexed()).toEqual([short("four")]);
    expect(await run("HKEYS", LOG_INDEX)).toContain(short("four"));
  });

  test("of what a release has left that counts none nothing is missing from what is counted after it", async () => {
    for (let i = 0; i < 20; i++) await append(short(`tag-${i}`));
    await run("HDEL", LOG_HEAD, "octets");
    await append(short("tag-0"), short("tag-1"));
    // One that goes on beside this one.
    const noted = String(await run("HGET", LOG_HEAD, "octets"));
    await append(short("tag-2"));
    await run("HSET", LOG_HEAD, "octets", noted);
    for (let i = 0; i < 8; i++) await append(long(`page-${i % 3}`));
    const [entries, selectors] = [await sizes(LOG_ENTRIES), (await indexed()).map(({ length }) => length)];
    expect(entries).toHaveLength(4);
    expect(
      [sum(entries), sum(selectors)].map((one, at) => one <= ([ENTRY_OCTETS, SELECTOR_OCTETS][at] ?? 0)),
    ).toEqual([true, true]);
    expect(await counted()).toEqual([sum(entries), sum(selectors)]);
  });

  test("what is large takes the place of as many octets, however many entries or selectors those are", async () => {
    const large = `s u shop.test/?${"x".repeat(36_000)}` as Selector;
    const few = 40_000;
    log = limited(few, Number.MAX_SAFE_INTEGER);
    // A few at once: each has a deadline of its own, and waits for those before it.
    for (let tens = 0; tens < 30; tens++)
      await Promise.all(Array.from({ length: 10 }, (_, at) => append(short(`tag-${10 * tens + at}`))));
    expect(await sizes(LOG_ENTRIES)).toHaveLength(300);
    await append(large);
    expect(sum(await sizes(LOG_ENTRIES))).toBeLessThanOrEqual(few);
    log = limited(Number.MAX_SAFE_INTEGER, few);
    await append(...Array.from({ length: 3000 }, (_, at) => short(`${at}`)));
    await append(`${large}y` as Selector);
    expect(sum((await indexed()).map(({ length }) => length))).toBeLessThanOrEqual(few);
  });

  async function headOf() {
    const outcome = await log.snapshot(0);
    return outcome.kind === "snapshot" ? outcome.head : null;
  }
});
