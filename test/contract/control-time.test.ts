// What the control plane does as time passes: edges are fenced, receipts close, repetitions fall due.
import { afterEach, beforeEach, expect, test } from "vitest";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { followReceipts } from "../../control-plane/invalidate/follow.ts";
import { appendDueRepeats } from "../../control-plane/invalidate/repeat.ts";
import { noteFigures } from "../../control-plane/metrics/note-figures.ts";
import { formatPosition } from "../../shared/core/position.ts";
import { type RestFixture, startEmbeddedRest, until } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane } from "./control-harness.ts";

let now: number;
let rest: RestFixture;
let edges: FakeEdge[];
let plane: TestPlane;

beforeEach(async () => {
  now = 1_800_000_000_000;
  rest = await startEmbeddedRest(() => now);
  edges = await Promise.all(["one", "two"].map(startFakeEdge));
  plane = await startPlane(rest, { SITES, EDGES: edges.map(({ id, url }) => ({ id, url })) });
});
afterEach(async () => {
  await plane.settled();
  await Promise.all(edges.map((edge) => edge.stop()));
  await rest.stop();
});

const second = (): FakeEdge => {
  const [, edge] = edges;
  if (edge === undefined) throw new Error("there is no second edge");
  return edge;
};

test("an edge that says nothing is pending until the bound has passed, and fenced from then on", async () => {
  second().follows = false;
  const { json } = await plane.call("/invalidate", { tags: ["a"] });
  await plane.settled();
  const receipt = async () => (await plane.call(json.receipt)).json;
  now += 30_249;
  expect(await receipt()).toMatchObject({
    state: "converging",
    edges: [{ state: "applied" }, { state: "pending" }],
  });
  now += 1;
  expect(await receipt()).toMatchObject({
    state: "converged",
    edges: [{ state: "applied" }, { state: "fenced" }],
  });
  await followReceipts(plane.plane);
  const { invalidations } = (await plane.call("/cache-metrics")).json;
  expect(invalidations).toMatchObject({ unfinished: 0, convergenceP99Ms: 30_720 });
});

test("when an edge learns it late, the time it took is kept, however much later somebody looks", async () => {
  second().follows = false;
  const { json } = await plane.call("/invalidate", { tags: ["a"] });
  await plane.settled();
  now += 1500;
  second().position = json.position;
  await collectStatus(plane.plane);
  await followReceipts(plane.plane);
  now += 60_000;
  await collectStatus(plane.plane);
  const { edges: rows, state, maxMs } = (await plane.call(json.receipt)).json;
  expect(rows[1]).toEqual({ edge: "two", state: "applied", position: json.position, afterMs: 1500 });
  expect({ state, maxMs }).toEqual({ state: "converged", maxMs: 1500 });
});

test("an edge is silent when it was not seen for five seconds", async () => {
  await collectStatus(plane.plane);
  now += 5000;
  expect((await plane.call("/edges")).json.items[0]).toMatchObject({ state: "live", knownAgeMs: 5005 });
  now += 1;
  expect((await plane.call("/edges")).json.items[0]).toMatchObject({ state: "silent", lastSeenMs: 5001 });
});

/** As the beat does. */
async function lookForRepeats(): Promise<void> {
  if ((await plane.plane.agenda.read()).has("repeats")) await appendDueRepeats(plane.plane);
}

test("a clock set back by five minutes puts off no repetition by as much", async () => {
  const { json } = await plane.call("/invalidate", { tags: ["a"], repeatAfterMs: 5000 });
  await plane.settled();
  const repeated = async (): Promise<number> => {
    await lookForRepeats();
    const { items } = (await plane.call("/invalidations")).json;
    return items.filter(({ reason }: { reason: string }) => reason === `repeats ${json.id}`).length;
  };
  now += 1000;
  expect(await repeated()).toBe(0);
  now -= 300_000;
  expect(await repeated()).toBe(0);
  now += 3999;
  expect(await repeated()).toBe(0);
  now += 1;
  expect(await repeated()).toBe(1);
});

test("nor does an earlier clock have the next one come too early, once nothing waits", async () => {
  await plane.call("/invalidate", { tags: ["a"], repeatAfterMs: 1000 });
  await plane.settled();
  now += 1000;
  await lookForRepeats();
  now -= 300_000;
  const { json } = await plane.call("/invalidate", { tags: ["b"], repeatAfterMs: 5000 });
  await plane.settled();
  now += 1000;
  await lookForRepeats();
  const { items } = (await plane.call("/invalidations")).json;
  expect(items.map(({ reason }: { reason: string }) => reason)).not.toContain(`repeats ${json.id}`);
});

test("an invalidation is repeated once, when it is due, and pushed again", async () => {
  const { json } = await plane.call("/invalidate", { tags: ["a"], repeatAfterMs: 5000, mode: "soft" });
  await plane.settled();
  now += 4999;
  await appendDueRepeats(plane.plane);
  expect(second().pushed).toHaveLength(1);
  now += 1;
  for (let i = 0; i < 3; i++) await appendDueRepeats(plane.plane);
  await until("it is pushed", () => edges.every(({ pushed }) => pushed.length === 2));
  expect(second().pushed).toEqual([["default t a"], ["default t a"]]);
  const { items } = (await plane.call("/invalidations")).json;
  expect(items).toHaveLength(2);
  expect(items[0]).toMatchObject({ reason: `repeats ${json.id}`, mode: "soft", state: "converged" });
});

test("figures leave the window as time passes", async () => {
  second().counters = { "requests|default|hot|hit|l2": 10 };
  await collectStatus(plane.plane);
  now += 30_000;
  expect((await plane.call("/cache-metrics?window=60s")).json.classes.hot.hits).toBe(10);
  expect((await plane.call("/cache-metrics?window=10s")).json.classes).toEqual({});
  now += 3_600_000;
  expect((await plane.call("/cache-metrics?window=60s")).json.classes).toEqual({});
  expect((await plane.call("/cache-metrics?window=2h")).json.classes.hot.hits).toBe(10);
  now += 22 * 3_600_000;
  expect((await plane.call("/cache-metrics?window=24h")).json.classes.hot.hits).toBe(10);
});

test("a window reaches back to where its first bucket begins, and says so; what is told a second is over that", async () => {
  // Buckets of ten seconds begin with it.
  expect(now % 10_000).toBe(0);
  await plane.plane.metrics.count("invalidations|accepted", 10);
  now += 16_000;
  const { windowSeconds, spanSeconds, invalidations } = (await plane.call("/cache-metrics?window=10s")).json;
  expect({ windowSeconds, spanSeconds }).toEqual({ windowSeconds: 10, spanSeconds: 16 });
  expect(invalidations).toMatchObject({ accepted: 10, perSecond: 10 / 16 });
  now += 4000;
  expect((await plane.call("/cache-metrics?window=10s")).json).toMatchObject({
    ...{ spanSeconds: 10, invalidations: { accepted: 0, perSecond: 0 } },
  });
});

test("what was the most of a gauge leaves with the bucket in which an edge said it, however often it is noted", async () => {
  const shown = async () => {
    const { stampede } = (await plane.call("/cache-metrics?window=10s")).json;
    const { points } = (await plane.call("/cache-metrics/series?window=10s")).json;
    const noted = /^tidegate_origin_concurrency_max (\d+)$/m.exec((await plane.call("/metrics")).text)?.[1];
    return [stampede.originConcurrencyMax, points.at(-1).originConcurrencyMax, Number(noted)];
  };
  second().counters = { "gauge|originConcurrencyMax": 40 };
  await collectStatus(plane.plane);
  await noteFigures(plane.plane);
  expect(await shown()).toEqual([40, 40, 40]);
  second().counters = { "gauge|originConcurrencyMax": 1 };
  for (let i = 0; i < 6; i++) {
    now += 10_000;
    await collectStatus(plane.plane);
    await noteFigures(plane.plane);
  }
  expect(await shown()).toEqual([1, 1, 1]);
});

test("a receipt is gone after a day, and so is its place in the list", async () => {
  const { json } = await plane.call("/invalidate", { tags: ["a"] });
  now += 86_400_001;
  expect((await plane.call(json.receipt)).status).toBe(404);
  expect((await plane.call("/invalidations")).json.items).toEqual([]);
  await followReceipts(plane.plane);
  expect((await plane.call("/cache-metrics")).json.invalidations.unfinished).toBe(0);
});

test("every invalidation is counted once, edges' own included, however many fall into one millisecond", async () => {
  const payload = { kind: "invalidate", mode: "hard", selectors: [] } as const;
  const append = (id: string) =>
    plane.plane.log.append({
      ...{
        operationId: id,
        requestDigest: id,
        actor: "edge/one",
        action: "write",
        detail: "PUT /a",
        replicas: 0,
      },
      payload,
    });
  for (let i = 0; i < 300; i++) {
    if (i % 100 === 0) now += 1;
    await append(`write-${i}`);
    if (i % 70 === 0) await followReceipts(plane.plane);
  }
  now += 1;
  await followReceipts(plane.plane);
  await followReceipts(plane.plane);
  const { invalidations } = (await plane.call("/cache-metrics")).json;
  expect(invalidations).toMatchObject({ accepted: 300, unfinished: 300 });
  const log = await plane.plane.log.snapshot(0);
  if (log.kind !== "snapshot") throw new Error(log.kind);
  for (const edge of edges) edge.position = formatPosition(log.head);
  await collectStatus(plane.plane);
  await followReceipts(plane.plane);
  expect((await plane.call("/cache-metrics")).json.invalidations.unfinished).toBe(0);
  const [newest] = (await plane.call("/invalidations?limit=1")).json.items;
  expect(newest).toMatchObject({ actor: "edge/one", reason: "PUT /a", state: "converged" });
});
