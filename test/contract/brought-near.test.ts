// What one isolate reads from L2 the others of its data centre find there, with as far as it was judged.

import { beforeEach, describe, expect, test } from "vitest";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { HIT_FAR, HIT_NEAR, type Isolates, isolates, statusOf } from "../support/isolates.ts";
import { HOST, type LoneEdge } from "../support/lone-edge.ts";
import { type MemoryBlobs, memoryBlobs } from "../support/memory-blobs.ts";

const POLICIES = [
  { key_pattern: "/kept/*", class: "standard" },
  { key_pattern: "/hot/*", class: "hot" },
];
const CONTROL: HeaderList = [["cache-control", "max-age=60, stale-while-revalidate=60"]];
/** Whose `utm` makes no difference. */
const REDUCED: HeaderList = [["no-vary-search", 'params=("utm")']];

const selectorOfB = (query: string): Selector => `default u ${HOST}/kept/b${query}` as Selector;

const purge = (path: string): LogPayload => ({
  ...{ kind: "invalidate", mode: "hard" },
  selectors: [`default u ${HOST}${path}` as Selector],
});

const answer = ({ url }: OriginRequest): OriginOutcome => ({
  ...{ kind: "answer", status: 200, headers: url.includes("utm") ? [...CONTROL, ...REDUCED] : CONTROL },
  body: { kind: "bytes", bytes: new TextEncoder().encode("body") as Uint8Array<ArrayBuffer> },
});

let all: Isolates;
let blobs: MemoryBlobs;

/** Another data centre has filled L2. */
beforeEach(async () => {
  all = isolates(POLICIES);
  all.origin = answer;
  blobs = memoryBlobs(all.now);
  const far = await all.begin(memoryBlobs(all.now));
  for (const path of ["/kept/a", "/kept/b?id=0&utm=1", "/kept/b?id=1&utm=2", "/hot/a"])
    await statusOf(far, path);
  all.reads();
});

test("one isolate asks L2, and the others of its data centre find what it had", async () => {
  const [first, next] = [await all.begin(blobs), await all.begin(blobs)];
  expect(await statusOf(first, "/kept/a")).toMatch(HIT_FAR);
  await all.pass(10_000);
  expect(await statusOf(next, "/kept/a")).toBe("tidegate-l1; hit; ttl=50");
  expect(all.reads()).toBe(1);
});

test("an isolate that begins later need not ask the log what the first one knew", async () => {
  const first = await all.begin(blobs);
  await all.append(purge("/kept/other"));
  expect(await statusOf(first, "/kept/a")).toMatch(HIT_FAR);
  // Its log answers no question about what it doesn't know itself, so that such an answer would not be served.
  expect(await statusOf(await all.begin(blobs), "/kept/a")).toMatch(HIT_NEAR);
  expect(all.reads()).toBe(1);
});

test.each(["by all", "by none"] as const)(
  "what was purged, heard %s, the next isolate does not serve",
  async (heard) => {
    const first = await all.begin(blobs);
    if (heard === "by none") await all.append(purge("/kept/a"), heard);
    expect(await statusOf(first, "/kept/a")).toMatch(HIT_FAR);
    if (heard === "by all") await all.append(purge("/kept/a"), heard);
    const next = await all.begin(blobs);
    expect(await statusOf(next, "/kept/a")).toContain("fwd-status=200");
    expect(next.asked).toHaveLength(1);
  },
);

test("what stands for several URLs is vouched for no further than its origin did", async () => {
  const first = await all.begin(blobs);
  await all.append(purge("/kept/other"));
  // By this answer it learns that the two that follow are one.
  await statusOf(first, "/kept/b?id=2&utm=2");
  expect(await statusOf(first, "/kept/b?id=1&utm=3")).toMatch(HIT_FAR);
  const [record] = [...blobs.kept.values()]
    .map((kept) => kept.record)
    .filter((text) => text.includes("id=1"));
  expect(record).toContain(`"asOf"`);
  expect(record).not.toContain("verifiedTo");
});

test("so it is where whoever brings it has not learnt that it does", async () => {
  const [first, next] = [await all.begin(blobs), await all.begin(blobs)];
  await statusOf(next, "/kept/b?id=2&utm=2");
  await all.append(purge("/kept/b?id=1&utm=3"));
  // To this isolate it is an answer to its own URL alone, which nobody has purged.
  expect(await statusOf(first, "/kept/b?id=1")).toMatch(HIT_FAR);
  const before = next.asked.length;
  expect(await statusOf(next, "/kept/b?id=1&utm=3")).toContain("fwd-status=200");
  expect(next.asked.length - before).toBe(1);
});

test("a purge of one spelling ends it where nobody has learnt that it stands for several", async () => {
  const first = await all.begin(blobs);
  expect(await statusOf(first, "/kept/b?id=1")).toMatch(HIT_FAR);
  // As the control plane names it, which reads no answers (docs/adr/0083).
  await all.append({ ...purge("/kept/b?id=1&utm=3"), selectors: ["?id=1&utm=3", "?#"].map(selectorOfB) });
  const before = first.asked.length;
  expect(await statusOf(first, "/kept/b?id=1")).toContain("fwd-status=200");
  expect(first.asked.length - before).toBe(1);
});

describe("not brought near", () => {
  test("where its class has no place there", async () => {
    for (let isolate = 0; isolate < 2; isolate++) {
      expect(await statusOf(await all.begin(blobs), "/hot/a")).toMatch(HIT_FAR);
      expect(all.reads()).toBe(1);
    }
  });

  test("what is stale: its successor is on the way", async () => {
    const first = await all.begin(blobs);
    await all.pass(70_000);
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
  await statusOf(await all.begin(blobs), "/kept/a", more);
  expect(await statusOf(await all.begin(blobs), "/kept/a")).toMatch(HIT_NEAR);
  expect(all.reads()).toBe(1);
});
