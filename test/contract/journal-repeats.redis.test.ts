// A write that is sent again is one write; and so that WAIT tells of it, the script that says so writes something too.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { JOURNAL_FIGURES, journalRequestKey } from "../../shared/mid-tier/keys.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { OneJournal } from "../support/one-journal.ts";
import { BACKENDS, type RestFixture, until } from "../support/redis-server.ts";

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
