// A write that is sent again is one write; and so that WAIT tells of it, the script that says so writes something too.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { JOURNAL_FIGURES, journalRequestKey } from "../../shared/mid-tier/keys.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { OneJournal } from "../support/one-journal.ts";
import { BACKENDS, type RestFixture, startEmbeddedRest, until } from "../support/redis-server.ts";

const REPEATABLE = { key: "of its sender", digest: "of all of it" };

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  beforeEach(async () => {
    rest = await start();
    redis = rest.redis;
  });
  afterEach(() => rest.stop());

  async function told(...command: string[]): Promise<unknown> {
    const outcome = await redis.run([command], millis(2000));
    return outcome.kind === "replies" ? outcome.replies[0] : outcome;
  }

  const write = (id: string, digest = REPEATABLE.digest) =>
    new OneJournal(redis).write(id, { repeatable: { ...REPEATABLE, digest } });

  test("it is acknowledged as what it was, and known for its whole time again", async () => {
    expect(await write("one")).toEqual({ kind: "accepted", id: "one", etag: '"one"' });
    const known = journalRequestKey(REPEATABLE.key);
    await told("PEXPIRE", known, "60000");
    expect(await write("two")).toEqual({ kind: "accepted", id: "one", etag: '"one"' });
    const { reply } = (await told("PTTL", known)) as { reply: number };
    expect(reply).toBeGreaterThan(60_000);
  });

  test("a fence goes up, also where the last ones have been lost with a database", async () => {
    const fences: number[] = [];
    const claim = (): Promise<void> =>
      until("it is due again", async () => {
        const claimed = await new OneJournal(redis, { claimedFor: millis(1) }).claim();
        fences.push(...claimed.map(({ fence }) => Number(fence)));
        return claimed.length > 0;
      });
    await write("one");
    await claim();
    await claim();
    await told("HDEL", JOURNAL_FIGURES, "fence");
    await claim();
    const [first = 0, second = 0, third = 0] = fences;
    expect([second > first, third > second]).toEqual([true, true]);
  });

  test("another one under its name is not", async () => {
    await write("one");
    expect(await write("two", "of something else")).toEqual({ kind: "conflict" });
  });
});

test("a burst of claims leaves no fence that a copy from before it would not exceed a moment later", async () => {
  let now = 1_800_000_000_000;
  const rest = await startEmbeddedRest(() => now);
  const journal = new OneJournal(rest.redis);
  const keyOf = (index: number): string => index.toString(16).padStart(64, "0");
  for (let index = 0; index < 100; index++) await journal.write(`of${index}`, { key: keyOf(index) });
  const seen = (await journal.claim({ most: 100 })).map(({ fence }) => Number(fence));
  await rest.redis.run([["HDEL", JOURNAL_FIGURES, "fence"]], millis(2000));
  now += 1;
  await journal.write("next");
  const { fence } = await journal.claimed();
  expect(seen).toHaveLength(100);
  expect(Number(fence)).toBeGreaterThan(Math.max(...seen));
  expect(fence).toBe("1800000000001000");
  await rest.stop();
});
