// The online auditor in the control plane, from an edge's samples to the figures that people read, under virtual time.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Attention } from "../../control-plane/edges/attention.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { instant, millis, type Selector } from "../../shared/core/units.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemClock } from "../../shared/runtime/system.ts";
import type { AuditSample } from "../../shared/wire/audit.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane } from "./control-harness.ts";

let now: number;
let rest: RestFixture;
let edge: FakeEdge;
let plane: TestPlane;
let told: string[];
/** Whether Redis takes counts in. */
let counts: boolean;

/** No time passes but what a test lets pass, here or in Redis; signatures go by the machine's clock. */
const start = (): Promise<TestPlane> =>
  startPlane(
    reluctant(rest.redis),
    { SITES, EDGES: [{ id: "one", url: edge.url }] },
    { ...systemClock(), now: () => instant(now) },
  );

const reluctant = (redis: Redis): Redis => ({
  run: async (commands, deadline) =>
    !counts && commands.flat().some((word) => String(word).startsWith("tg:auditor:batch"))
      ? { kind: "unavailable", reason: "cut" }
      : redis.run(commands, deadline),
});

beforeEach(async () => {
  now = 1_800_000_000_000;
  counts = true;
  told = [];
  vi.spyOn(console, "error").mockImplementation((line: unknown) => void told.push(String(line)));
  rest = await startEmbeddedRest(() => now);
  edge = await startFakeEdge("one");
  plane = await start();
});
afterEach(async () => {
  await plane.settled();
  await edge.stop();
  await rest.stop();
});

const headOf = async (): Promise<{ epoch: number; seq: number }> => {
  const outcome = await plane.plane.log.snapshot(0);
  if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
  return outcome.head;
};

const purge = async (body: Record<string, unknown>): Promise<number> => {
  const { json, status } = await plane.call("/invalidate", body);
  expect(status).toBe(202);
  await plane.settled();
  return Number(json.position.split("-")[1]);
};

/** A hit in memory of an answer tagged `a`, as of the beginning, by a view that knows so much, this long ago. */
async function sampleOf(view: number, more: Partial<AuditSample> = {}): Promise<AuditSample> {
  const { epoch } = await headOf();
  return {
    class: "hot",
    tier: "l1Memory",
    result: "hit",
    why: "random",
    asOf: `${epoch}-0`,
    verifiedTo: `${epoch}-0`,
    view: `${epoch}-${view}`,
    knownAgeMs: 0,
    agoMs: 0,
    ageMs: 60_000,
    askedBeforeMs: 60_000,
    boundMs: 5000,
    selectors: ["default t a", "default e"],
    inForce: [],
    ...more,
  };
}

/** The edge tells of these under the next number, and the beat asks it. */
async function report(...samples: AuditSample[]): Promise<void> {
  edge.audit = { number: (edge.audit?.number ?? 0) + 1, samples };
  expect(await collectStatus(plane.plane)).toMatchObject({ kind: "done" });
}

const stale = async (window = "60s") => (await plane.call(`/cache-metrics?window=${window}`)).json.stale;

describe("what edges are told to look at", () => {
  test("what was hard-invalidated lately, by the log's own position, the newest first", async () => {
    const first = await purge({ tags: ["a"] });
    await purge({ tags: ["soft"], mode: "soft" });
    const { epoch } = await headOf();
    now += 1000;
    const last = await purge({ tags: ["b", "a"] });
    expect(last).toBeGreaterThan(first);
    await collectStatus(plane.plane);
    expect(edge.called?.watch).toEqual([
      { selector: "default t b", position: `${epoch}-${last}` },
      { selector: "default t a", position: `${epoch}-${last}` },
    ]);
    now += 600_001;
    await collectStatus(plane.plane);
    expect(edge.called?.watch).toEqual([]);
  });

  test("which of its batches is counted: the last of this life", async () => {
    expect(edge.called).toBeNull();
    await report(await sampleOf(0));
    expect(edge.called?.counted).toBeNull();
    await collectStatus(plane.plane);
    expect(edge.called?.counted).toEqual({ boot: "boot-of-one", number: 1 });
    edge.boot = "anew";
    await report(await sampleOf(0));
    await collectStatus(plane.plane);
    expect(edge.called?.counted).toEqual({ boot: "anew", number: 2 });
  });
});

test("a quick round reads nothing of the log for it, and tells what is known", async () => {
  await purge({ tags: ["a"] });
  await collectStatus(plane.plane);
  const seq = await purge({ tags: ["b"] });
  edge.position = "1-0";
  const reads = vi.spyOn(plane.plane.auditor, "follow");
  const quick = { attention: new Attention(), grace: millis(900), background: UNKEPT };
  await collectStatus(plane.plane, { ...quick, whole: false });
  expect(reads).not.toHaveBeenCalled();
  expect(edge.called?.watch.map(({ selector }) => selector)).toEqual(["default t a"]);
  await collectStatus(plane.plane, { ...quick, whole: true });
  expect(edge.called?.watch[0]).toEqual({
    selector: "default t b",
    position: `${(await headOf()).epoch}-${seq}`,
  });
});

describe("what is found", () => {
  test("nothing: so many reads without a violation bound its share by three over their number", async () => {
    const sample = await sampleOf(0);
    await report(...Array.from({ length: 60 }, () => sample));
    expect(await stale()).toMatchObject({
      sampled: 60,
      watched: 0,
      stale: 0,
      staleRatio: 0,
      violations: 0,
      unknown: 0,
      upperBound95: 3 / 60,
      p99StalenessMs: null,
      lastViolation: null,
    });
  });

  test("a lost invalidation: at once, with its class and tier, and told with the kind of selector alone", async () => {
    const seq = await purge({ tags: ["a"] });
    now += 700;
    await report(
      await sampleOf(seq, { why: "watched" }),
      await sampleOf(seq, { class: "standard", tier: "l2", selectors: ["default t b"] }),
    );
    const found = await stale();
    expect(found).toMatchObject({
      sampled: 1,
      watched: 1,
      violations: 1,
      upperBound95: 1,
      p99StalenessMs: 704,
    });
    expect(found.byClass).toMatchObject({
      hot: { l1Memory: { sampled: 0, watched: 1, stale: 1, violations: 1 } },
      standard: { l2: { sampled: 1, watched: 0, stale: 0, violations: 0, upperBound95: 1 } },
    });
    expect(found.lastViolation).toEqual({
      at: "2027-01-15T08:00:00.700Z",
      edge: "one",
      class: "hot",
      tier: "l1Memory",
      rule: "lost-invalidation",
      selector: "tag",
    });
    expect(told).toEqual([
      "auditor: violation at one, from l1Memory: lost-invalidation in class hot, named by a selector of kind tag",
    ]);
  });

  test("staleness within the bound is none, and a read past it is one", async () => {
    const seq = await purge({ tags: ["a"] });
    now += 5000;
    await report(
      await sampleOf(seq - 1),
      await sampleOf(seq - 1, { agoMs: 4900 }),
      await sampleOf(seq - 1, { agoMs: 5300 }),
    );
    expect(await stale()).toMatchObject({ sampled: 3, stale: 2, violations: 0, p99StalenessMs: 5120 });
    now += 300;
    await report(await sampleOf(seq - 1));
    expect(await stale()).toMatchObject({ sampled: 4, stale: 3, staleRatio: 0.75, violations: 1 });
    expect((await stale()).lastViolation).toMatchObject({ rule: "past-bound" });
  });

  test("an epoch that the edge should know of by now", async () => {
    const sample = await sampleOf(0);
    await report(sample);
    const redis = rest.redis;
    now += 1000;
    await redis.run([["FLUSHALL"]], millis(1000));
    const { epoch } = await headOf();
    expect(epoch).toBe(now);
    now += 5000;
    await report(sample);
    expect(await stale()).toMatchObject({ sampled: 1, stale: 1, violations: 0 });
    now += 300;
    await report(sample, { ...sample, view: `${epoch}-0`, agoMs: 5200 });
    expect(await stale()).toMatchObject({ sampled: 3, stale: 3, violations: 2 });
    expect((await stale()).lastViolation).toMatchObject({ rule: "old-epoch", selector: null });
  });

  test("the share is bounded by all violations over those taken at random", async () => {
    const seq = await purge({ tags: ["a"] });
    const fine = await sampleOf(seq, { selectors: ["default t b"] });
    await report(...Array.from({ length: 100 }, () => fine), await sampleOf(seq, { why: "watched" }));
    expect((await stale()).upperBound95).toBeCloseTo(0.04744, 5);
  });
});

describe("counting", () => {
  test("a batch that comes twice counts once, here and after a restart of the control plane", async () => {
    const seq = await purge({ tags: ["a"] });
    await report(await sampleOf(seq));
    for (let i = 0; i < 3; i++) await collectStatus(plane.plane);
    plane = await start();
    await collectStatus(plane.plane);
    expect(edge.called?.counted).toBeNull();
    expect(await stale()).toMatchObject({ sampled: 1, violations: 1 });
    expect(told).toHaveLength(1);
  });

  test("what could not be counted is not acknowledged, and counts when it comes again", async () => {
    edge.audit = { number: 1, samples: [await sampleOf(0)] };
    counts = false;
    expect((await collectStatus(plane.plane)).kind).toBe("unavailable");
    counts = true;
    await collectStatus(plane.plane);
    expect(edge.called?.counted).toBeNull();
    expect(await stale()).toMatchObject({ sampled: 1 });
  });

  test("the figures leave the window as time passes, the last violation stays for a day", async () => {
    const seq = await purge({ tags: ["a"] });
    await report(await sampleOf(seq));
    now += 120_000;
    expect(await stale()).toMatchObject({ sampled: 0, violations: 0, upperBound95: null, byClass: {} });
    expect(await stale("10m")).toMatchObject({ sampled: 1, violations: 1 });
    expect((await stale()).lastViolation).toMatchObject({ rule: "lost-invalidation" });
    now += 25 * 3_600_000;
    expect((await stale()).lastViolation).toBeNull();
  });

  test("violations are told once for each change of their kind", async () => {
    const seq = await purge({ tags: ["a"] });
    for (let i = 0; i < 3; i++) await report(await sampleOf(seq));
    await report(await sampleOf(seq, { class: "standard" }));
    await report(await sampleOf(seq));
    expect(told.map((line) => /class (\w+)/.exec(line)?.[1])).toEqual(["hot", "standard", "hot"]);
  });

  test("samples that can't be read cost nothing else that the edge tells", async () => {
    edge.counters = { "requests|default|hot|hit|l2": 3 };
    await report({ ...(await sampleOf(0)), class: "not|a|name" });
    const { json } = await plane.call("/cache-metrics");
    expect(json.classes.hot.hits).toBe(3);
    expect(json.stale).toMatchObject({ sampled: 0 });
  });
});

describe("answers older than what the auditor holds of the log", () => {
  test("are asked about in the full index", async () => {
    const seq = await purge({ tags: ["a"] });
    await appendOthers(1100);
    plane = await start();
    const { epoch, seq: head } = await headOf();
    await report(
      await sampleOf(head),
      await sampleOf(head, { asOf: `${epoch}-${seq}` }),
      await sampleOf(seq),
    );
    expect(await stale()).toMatchObject({ sampled: 2, violations: 1, unknown: 1 });
    expect(told).toEqual([
      expect.stringContaining("lost-invalidation in class hot, named by what is not known"),
    ]);
  });

  test("that nobody can judge are no part of what the bound is of, and their share is told", async () => {
    const seq = await purge({ tags: ["a"] });
    await appendOthers(1100);
    plane = await start();
    const { epoch, seq: head } = await headOf();
    const fine = await sampleOf(head, { asOf: `${epoch}-${seq}` });
    const unknown = await sampleOf(seq);
    await report(fine, fine, fine, unknown, { ...unknown, why: "watched" });
    expect(await stale()).toMatchObject({ sampled: 3, unknown: 2, unknownRatio: 0.25, upperBound95: 1 });
  });

  async function appendOthers(count: number): Promise<void> {
    const payload = { kind: "invalidate", mode: "hard", selectors: ["default t other" as Selector] } as const;
    const query = { requestDigest: "d", actor: "a", action: "b", detail: "", replicas: 0, payload };
    for (let i = 0; i < count; i += 50) {
      const ids = Array.from({ length: 50 }, (_, k) => `other-${i + k}`);
      await Promise.all(ids.map((operationId) => plane.plane.log.append({ ...query, operationId })));
    }
  }
});

test("what edges had no room for is shown", async () => {
  edge.counters = { "auditor|dropped": 7 };
  await collectStatus(plane.plane);
  expect(await stale()).toMatchObject({ dropped: 7, sampled: 0 });
});

test("comparisons with the origin are added up by class, and differing is no violation", async () => {
  edge.counters = {
    "audit|hot|originSame": 3,
    "audit|hot|originDiffers": 2,
    "audit|standard|originUnknown": 1,
  };
  await collectStatus(plane.plane);
  expect(await stale()).toMatchObject({
    violations: 0,
    originDiffers: 2,
    origin: { hot: { same: 3, differs: 2, unknown: 0 }, standard: { same: 0, differs: 0, unknown: 1 } },
    byClass: {},
  });
});
