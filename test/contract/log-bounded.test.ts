// What an append leaves behind it is bounded: receipts by their number, operations by how long anybody repeats them.

import { afterEach, beforeEach, expect, test } from "vitest";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import type { AppendOutcome, AppendQuery, Log } from "../../shared/ports/mid-tier.ts";
import { type RestFixture, replyTo, startEmbeddedRest } from "../support/redis-server.ts";
import { SITES, startPlane } from "./control-harness.ts";

const KEPT = 3;
const MINUTE = 60_000;
let now: number;
let rest: RestFixture;
let log: Log;

beforeEach(async () => {
  now = 1_800_000_000_000;
  rest = await startEmbeddedRest(() => now);
  log = createLog(rest.redis, { ...LOG_LIMITS, receiptsKept: KEPT });
});
afterEach(() => rest.stop());

function append(operationId: string, more: Partial<AppendQuery> = {}): Promise<AppendOutcome> {
  now += 1;
  const payload = { kind: "invalidate", mode: "hard", selectors: [] } as const;
  const by = { requestDigest: operationId, actor: "edge/one", action: "invalidate", detail: "" };
  return log.append({ operationId, ...by, payload, replicas: 0, ...more });
}
const seqOf = (outcome: AppendOutcome): number =>
  outcome.kind === "appended" ? outcome.position.seq : Number.NaN;
const keys = async (pattern: string): Promise<string[]> =>
  ((await replyTo(rest.redis, "KEYS", pattern)) as string[]).sort();

test("as many receipts are kept as are listed, and one that has gone is not there", async () => {
  for (const id of ["a", "b", "c", "d", "e"]) await append(id);
  expect(await keys("tg:receipt:*")).toEqual(["tg:receipt:c", "tg:receipt:d", "tg:receipt:e"]);
  const plane = await startPlane(rest, { SITES });
  const { json } = await plane.call("/invalidations");
  expect(json.items.map(({ id }: { id: string }) => id)).toEqual(["e", "d", "c"]);
  expect((await plane.call("/invalidations/a")).status).toBe(404);
  expect((await plane.call("/invalidations/c")).status).toBe(200);
});

test("writes push out no receipt of a purge, nor purges one of a write", async () => {
  await append("purge");
  for (const id of ["a", "b", "c", "d"]) await append(id, { harmless: true });
  expect(await keys("tg:receipt:*")).toEqual(["b", "c", "d", "purge"].map((id) => `tg:receipt:${id}`));
  for (const id of ["e", "f", "g"]) await append(id);
  const left = ["b", "c", "d", "e", "f", "g"];
  expect(await keys("tg:receipt:*")).toEqual(left.map((id) => `tg:receipt:${id}`));
  const { json } = await (await startPlane(rest, { SITES })).call("/invalidations");
  expect(json.items.map(({ id }: { id: string }) => id)).toEqual(left.toReversed());
});

test("those that a release before kept in one order go, too", async () => {
  for (let i = 0; i < 4 * KEPT; i++) {
    now += 1;
    await replyTo(rest.redis, "ZADD", "tg:receipts", String(now), `old ${i}`);
    await replyTo(rest.redis, "HSET", `tg:receipt:old ${i}`, "seq", "1");
  }
  for (let i = 0; i < 4 * KEPT; i++) await append(`new ${i}`);
  const left = await keys("tg:receipt:*");
  expect(left.length).toBeLessThanOrEqual(2 * KEPT);
  expect(left).toEqual(expect.arrayContaining([9, 10, 11].map((i) => `tg:receipt:new ${i}`)));
});

test("where many are too many, each append takes two of them", async () => {
  const before = createLog(rest.redis, LOG_LIMITS);
  const payload = { kind: "invalidate", mode: "hard", selectors: [] } as const;
  for (let i = 0; i < 8; i++) {
    now += 1;
    const of = { operationId: `${i}`, requestDigest: "", actor: "", action: "invalidate", detail: "" };
    await before.append({ ...of, payload, replicas: 0 });
  }
  const counts: number[] = [];
  for (let i = 0; i < 6; i++) {
    await append(`new ${i}`);
    counts.push((await keys("tg:receipt:*")).length);
  }
  expect(counts).toEqual([7, 6, 5, 4, KEPT, KEPT]);
});

test("an edge's write is remembered while it is repeated, and forgotten soon; a purge for a day", async () => {
  const written = seqOf(await append("write", { harmless: true }));
  const purged = seqOf(await append("purge"));
  now += 9 * MINUTE;
  expect(seqOf(await append("write", { harmless: true }))).toBe(written);
  now += 11 * MINUTE;
  expect(await keys("tg:operation:*")).toEqual(["tg:operation:purge"]);
  expect(seqOf(await append("purge"))).toBe(purged);
  expect(seqOf(await append("write", { harmless: true }))).toBe(purged + 1);
});

test("the receipt of a write that is told again, having been forgotten, says nothing of before", async () => {
  await append("write", { harmless: true });
  await replyTo(rest.redis, "HSET", "tg:receipt:write", "e:one", "1-1 5", "converged", "5");
  now += 11 * MINUTE;
  const again = seqOf(await append("write", { harmless: true }));
  expect(await replyTo(rest.redis, "HGET", "tg:receipt:write", "seq")).toBe(String(again));
  expect(await replyTo(rest.redis, "HEXISTS", "tg:receipt:write", "converged")).toBe(0);
});
