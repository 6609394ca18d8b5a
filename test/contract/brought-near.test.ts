// What one isolate reads from L2 the others of its data centre find there, with as far as it was judged.

import { beforeEach, describe, expect, test } from "vitest";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { type MemoryBlobs, memoryBlobs } from "../support/memory-blobs.ts";
import { type SmallL2, smallL2 } from "../support/small-l2.ts";

const POLICIES = [
  { key_pattern: "/kept/*", class: "standard" },
  { key_pattern: "/hot/*", class: "hot" },
];
const purge = (path: string): LogPayload => ({
  ...{ kind: "invalidate", mode: "hard" },
  selectors: [`default u ${HOST}${path}` as Selector],
});

let l2: SmallL2;
let blobs: MemoryBlobs;
/** Of another data centre: it has filled L2. */
let far: LoneEdge;
const all: LoneEdge[] = [];
let reads = 0;

/** Knows the log as it is when it begins, and nothing from before then. */
async function isolate(of: MemoryBlobs): Promise<LoneEdge> {
  const read: SmallL2["read"] = (query) => {
    reads += 1;
    return l2.read(query);
  };
  const edge = loneEdge(POLICIES, { blobs: of, midTier: { ...l2, read } });
  edge.now = all[0]?.now ?? edge.now;
  for (const payload of logged) edge.append(payload);
  edge.origin = answer;
  all.push(edge);
  await edge.beat();
  return edge;
}

const logged: LogPayload[] = [];

async function append(payload: LogPayload): Promise<void> {
  logged.push(payload);
  for (const edge of all) edge.append(payload);
  for (const edge of all) await edge.beat();
}

function pass(span: number): void {
  for (const edge of all) edge.now += span;
}

const HEADERS: HeaderList = [
  ["cache-control", "max-age=60, stale-while-revalidate=60"],
  ["no-vary-search", 'params=("utm")'],
];

const answer = (): OriginOutcome => ({
  ...{ kind: "answer", status: 200, headers: HEADERS },
  body: { kind: "bytes", bytes: new TextEncoder().encode("body") as Uint8Array<ArrayBuffer> },
});

/** Who has answered, and of the whole `Cache-Status` what this edge says. */
async function statusOf(edge: LoneEdge, path: string, more: Parameters<LoneEdge["get"]>[1] = {}) {
  const { cacheStatus } = await edge.get(path, more);
  await edge.settled();
  return cacheStatus;
}

const HIT_NEAR = /^tidegate-l1; hit; ttl=\d+$/;
const HIT_FAR = /^tidegate-l2; hit; ttl=\d+, tidegate-l1; fwd=uri-miss; stored$/;

beforeEach(async () => {
  all.length = 0;
  logged.length = 0;
  l2 = smallL2(() => far.now);
  blobs = memoryBlobs(() => far.now);
  far = await isolate(memoryBlobs());
  for (const path of ["/kept/a", "/kept/b?id=0&utm=1", "/kept/b?id=1&utm=2", "/hot/a"])
    await statusOf(far, path);
  reads = 0;
});

test("one isolate asks L2, and the others of its data centre find what it had", async () => {
  const [first, next] = [await isolate(blobs), await isolate(blobs)];
  expect(await statusOf(first, "/kept/a")).toMatch(HIT_FAR);
  pass(10_000);
  expect(await statusOf(next, "/kept/a")).toBe("tidegate-l1; hit; ttl=50");
  expect(reads).toBe(1);
});

test("an isolate that begins later need not ask the log what the first one knew", async () => {
  const first = await isolate(blobs);
  await append(purge("/kept/other"));
  expect(await statusOf(first, "/kept/a")).toMatch(HIT_FAR);
  // Its log answers no question about what it doesn't know itself, so that such an answer would not be served.
  expect(await statusOf(await isolate(blobs), "/kept/a")).toMatch(HIT_NEAR);
  expect(reads).toBe(1);
});

test("what was purged since, the next isolate serves no more", async () => {
  const first = await isolate(blobs);
  expect(await statusOf(first, "/kept/a")).toMatch(HIT_FAR);
  await append(purge("/kept/a"));
  const next = await isolate(blobs);
  expect(await statusOf(next, "/kept/a")).toContain("fwd=");
  expect(next.asked).toHaveLength(1);
});

test("a purge that the first isolate had not heard of is not taken for judged", async () => {
  const first = await isolate(blobs);
  logged.push(purge("/kept/a"));
  expect(await statusOf(first, "/kept/a")).toMatch(HIT_FAR);
  const next = await isolate(blobs);
  await statusOf(next, "/kept/a");
  expect(next.asked).toHaveLength(1);
});

test("what stands for several URLs is vouched for no further than its origin did", async () => {
  const first = await isolate(blobs);
  await append(purge("/kept/other"));
  // By this answer it learns that the two that follow are one.
  await statusOf(first, "/kept/b?id=2&utm=2");
  expect(await statusOf(first, "/kept/b?id=1&utm=3")).toMatch(HIT_FAR);
  const [record] = [...blobs.kept.values()]
    .map((kept) => kept.record)
    .filter((text) => text.includes("id=1"));
  expect(record).toContain(`"asOf"`);
  expect(record).not.toContain("verifiedTo");
});

describe("not brought near", () => {
  test("where its class has no place there", async () => {
    for (let asked = 1; asked <= 2; asked++) {
      expect(await statusOf(await isolate(blobs), "/hot/a")).toMatch(HIT_FAR);
      expect(reads).toBe(asked);
    }
  });

  test("what is stale: its successor is on the way", async () => {
    const first = await isolate(blobs);
    pass(70_000);
    for (const edge of all) await edge.beat();
    let puts = 0;
    const { put } = blobs;
    blobs.put = (...of) => {
      puts += 1;
      return put(...of);
    };
    expect(await statusOf(first, "/kept/a")).toContain("detail=stale");
    // The successor's.
    expect(puts).toBe(1);
  });
});

test.each<[string, Parameters<LoneEdge["get"]>[1]]>([
  ["HEAD", { method: "HEAD" }],
  ["a range", { headers: [["range", "bytes=0-1"]] }],
])("%s brings it as well", async (_what, more) => {
  await statusOf(await isolate(blobs), "/kept/a", more);
  expect(await statusOf(await isolate(blobs), "/kept/a")).toMatch(HIT_NEAR);
  expect(reads).toBe(1);
});
