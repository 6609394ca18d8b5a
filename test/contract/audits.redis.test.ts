// What the auditor reads of the log and counts in Redis, against a real redis-server and the embedded store alike.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import { type Audits, type BatchCounts, createAudits, type Known } from "../../shared/mid-tier/audits.ts";
import { LOG_ENTRIES, LOG_HEAD } from "../../shared/mid-tier/keys.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMetrics } from "../../shared/mid-tier/metrics.ts";
import type { Log } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisArgument, RedisReply } from "../../shared/ports/redis.ts";
import { BACKENDS, type RestFixture, replyTo } from "../support/redis-server.ts";

const DEADLINE = millis(2000);

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let log: Log;
  let audits: Audits;
  let operations = 0;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    log = createLog(redis, { ...LOG_LIMITS, entriesKept: 6 });
    audits = createAudits(redis, DEADLINE);
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
  });

  const run = (...command: RedisArgument[]): Promise<RedisReply> => replyTo(redis, ...command);

  async function append(count: number, selector = "s t a"): Promise<Known> {
    let known: Known = { epoch: 0, seq: 0, hash: "" };
    for (let i = 0; i < count; i++) {
      operations += 1;
      const payload: LogPayload = { kind: "invalidate", mode: "hard", selectors: [selector as Selector] };
      const rest = { requestDigest: "d", actor: "a", action: "purge", detail: "", replicas: 0 };
      const outcome = await log.append({ ...rest, operationId: `op-${operations}`, payload });
      if (outcome.kind !== "appended") throw new Error(outcome.kind);
      known = { ...outcome.position, hash: outcome.entry?.hash ?? "" };
    }
    return known;
  }

  const read = async (known: Known | null, limit = 100) => {
    const outcome = await audits.recent(known, limit);
    if (outcome.kind !== "page") throw new Error(outcome.kind);
    const { page, head } = outcome;
    return {
      anew: page.anew,
      after: page.after,
      seqs: page.entries.map(({ seq }) => seq),
      last: page.last,
      head,
    };
  };

  describe("the newest entries of the log", () => {
    test("there is none, and none begins for being looked for", async () => {
      expect(await audits.recent(null, 10)).toEqual({ kind: "none" });
      expect(await run("EXISTS", LOG_HEAD)).toBe(0);
    });

    test("from scratch as many as are asked for, or as there are", async () => {
      const known = await append(4);
      const last = { seq: 4, hash: known.hash };
      expect(await read(null)).toEqual({ anew: true, after: 0, seqs: [1, 2, 3, 4], last, head: 4 });
      expect(await read(null, 3)).toEqual({ anew: true, after: 1, seqs: [2, 3, 4], last, head: 4 });
      await append(4);
      expect(await read(null)).toMatchObject({ after: 2, seqs: [3, 4, 5, 6, 7, 8] });
    });

    test("from where one stands, page by page, with the times at which they were appended", async () => {
      const known = await append(2);
      expect(await read(known)).toEqual({
        anew: false,
        after: 2,
        seqs: [],
        last: { seq: 2, hash: known.hash },
        head: 2,
      });
      const before = Number(((await run("TIME")) as string[])[0]) * 1000;
      const { hash } = await append(3);
      const first = await read(known, 2);
      expect(first).toMatchObject({ anew: false, after: 2, seqs: [3, 4], head: 5 });
      expect(await read({ ...known, ...first.last })).toMatchObject({
        anew: false,
        seqs: [5],
        last: { seq: 5, hash },
      });
      const outcome = await audits.recent(known, 9);
      if (outcome.kind !== "page") throw new Error(outcome.kind);
      for (const { at } of outcome.page.entries) {
        expect(at).toBeGreaterThanOrEqual(before);
        expect(at).toBeLessThanOrEqual(outcome.now);
      }
    });

    test.each<[string, (known: Known) => Known]>([
      ["of another epoch", (known) => ({ ...known, epoch: known.epoch - 1 })],
      ["ahead of the log", (known) => ({ ...known, seq: known.seq + 1 })],
      ["of a log that went on differently", (known) => ({ ...known, hash: "another" })],
      ["of which the log has forgotten what came next", (known) => ({ ...known, seq: 1, hash: "forgotten" })],
    ])("a place %s: anew, and the log stays as it is", async (_what, change) => {
      const known = await append(8);
      const before = await run("HGETALL", LOG_HEAD);
      expect(await read(change(known))).toMatchObject({ anew: true, after: 2, seqs: [3, 4, 5, 6, 7, 8] });
      expect(await run("HGETALL", LOG_HEAD)).toEqual(before);
    });

    test("knowledge begins behind an entry that can't be read", async () => {
      const known = await append(2);
      const entry = String(await run("HGET", LOG_ENTRIES, "1"));
      await run("HSET", LOG_ENTRIES, "1", entry.replace(/ \{.*$/, ' {"k":"of a later release"}'));
      expect(await read(null)).toMatchObject({
        anew: true,
        after: 1,
        seqs: [2],
        last: { seq: 2, hash: known.hash },
      });
    });
  });

  describe("counting", () => {
    const NOW = 1_800_000_000_000;
    const batch = (number: number, more: Partial<BatchCounts> = {}): BatchCounts => ({
      edge: "one",
      boot: "boot",
      number,
      counts: new Map([["audit|hot|l1Memory|sampled", 3]]),
      lastViolation: null,
      ...more,
    });
    const count = async (...batches: BatchCounts[]): Promise<number[]> => {
      const outcome = await audits.count(batches, NOW);
      if (outcome.kind !== "counted") throw new Error(outcome.kind);
      return outcome.fresh.map(({ number }) => number);
    };
    const sums = async () => {
      const outcome = await createMetrics(redis, DEADLINE).sum(millis(60_000), NOW);
      if (outcome.kind !== "sums") throw new Error(outcome.kind);
      return { sampled: outcome.sums.get("audit|hot|l1Memory|sampled"), last: outcome.lastViolation };
    };

    test("a batch that comes twice, or late, counts once", async () => {
      expect(await count(batch(1))).toEqual([1]);
      expect(await count(batch(1), batch(2))).toEqual([2]);
      expect(await count(batch(1), batch(2))).toEqual([]);
      expect(await sums()).toEqual({ sampled: 6, last: null });
    });

    test("each life of each edge has numbers of its own", async () => {
      expect(await count(batch(5), batch(5, { edge: "two" }), batch(1, { boot: "again" }))).toEqual([
        5, 5, 1,
      ]);
      expect(await sums()).toMatchObject({ sampled: 9 });
    });

    test("the last violation is that of the last batch that had one and was not known", async () => {
      await count(batch(1, { lastViolation: "first" }));
      await count(batch(2));
      expect(await sums()).toMatchObject({ last: "first" });
      await count(
        batch(2, { lastViolation: "known already" }),
        batch(3, { counts: new Map(), lastViolation: "second" }),
      );
      expect(await sums()).toEqual({ sampled: 6, last: "second" });
    });
  });
});
