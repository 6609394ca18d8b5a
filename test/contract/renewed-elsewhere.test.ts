// Isolates of one name that hold one answer: when its life ends they are not all at L2, and what one has brought is found.

import { expect, test } from "vitest";
import type { Reply } from "../../edge/request.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { type EdgesTogether, edgesTogether } from "../support/edges-together.ts";
import { HIT_NEAR, isolates, statusOf } from "../support/isolates.ts";
import { blobsIn, memoryBlobs } from "../support/memory-blobs.ts";
import type { SmallL2 } from "../support/small-l2.ts";

const ISOLATES = 20;
const LIFE = 60_000;
const ORIGIN = 500;

const answer = (control: string): OriginOutcome => {
  const headers: HeaderList = [["cache-control", control]];
  return { kind: "answer", status: 200, headers, body: { kind: "bytes", bytes: new Uint8Array(64) } };
};

/** Reads of L2 from now on. */
function readsOf({ l2 }: EdgesTogether): () => number {
  let reads = 0;
  const read: SmallL2["read"] = l2.read;
  l2.read = (query) => {
    reads += 1;
    return read(query);
  };
  return () => reads;
}

/** Each isolate is asked every so often, for so long; what all were told. */
async function asked(together: EdgesTogether, every: number, span: number): Promise<string[]> {
  const replies: Promise<Reply>[] = [];
  for (let passed = 0; passed < span; passed += every) {
    for (const edge of together.edges) replies.push(edge.get("/a"));
    await together.pass(every);
  }
  await together.pass(3000);
  return (await Promise.all(replies)).map(({ cacheStatus }) => cacheStatus);
}

async function holding(control: string, policies: readonly Record<string, unknown>[], near = false) {
  const together = await edgesTogether(ISOLATES, policies, near ? blobsIn([]) : null);
  together.origin(async () => {
    await together.takes(ORIGIN);
    return answer(control);
  });
  await asked(together, 100, 1000);
  return together;
}

const AHEAD = { id: "a", key_pattern: "/*", class: "hot", ttl: "1m", refresh_strategy: "refresh-ahead" };

test("renewed ahead, it is asked for once, and L2 by each isolate about once", async () => {
  const together = await holding(`max-age=60`, [AHEAD]);
  const instants = together.edges.flatMap(({ edge }) =>
    [...edge.memory.all()].map((entry) => entry.renewFrom),
  );
  // Some draw the longest that there may be.
  expect(new Set(instants).size).toBeGreaterThan(ISOLATES / 2);
  // Jitter ends lives before the minute is over.
  await together.pass(LIFE * 0.85);
  const [reads, before] = [readsOf(together), together.asked()];
  const told = await asked(together, 100, LIFE * 0.16);
  expect(told.filter((status) => !/^tidegate-l1; hit; ttl=\d+$/.test(status))).toEqual([]);
  expect(together.asked() - before).toBe(1);
  expect(reads()).toBeLessThanOrEqual(2 * ISOLATES);
});

test("behind those who are served what is stale, no isolate waits for another's fetch", async () => {
  const together = await holding("max-age=60, stale-while-revalidate=60", []);
  await together.pass(LIFE);
  const [reads, before] = [readsOf(together), together.asked()];
  await asked(together, 100, 3000);
  expect(together.asked() - before).toBe(1);
  expect(reads()).toBeLessThanOrEqual(3 * ISOLATES);
});

test("what one isolate has renewed its data centre has: the others ask nobody", async () => {
  const together = await holding("max-age=60, stale-while-revalidate=60", [], true);
  await together.pass(LIFE);
  const first = together.edges[0]?.get("/a");
  await together.pass(2 * ORIGIN);
  expect((await first)?.cacheStatus).toContain("detail=stale");
  const [reads, before] = [readsOf(together), together.asked()];
  await asked(together, 100, 1000);
  expect([reads(), together.asked() - before]).toEqual([0, 0]);
});

test("so it is where it has expired, and somebody waits", async () => {
  const together = await holding("max-age=60", [], true);
  await together.pass(LIFE + 1000);
  const first = together.edges[0]?.get("/a");
  await together.pass(2 * ORIGIN);
  expect((await first)?.cacheStatus).toContain("fwd-status=200");
  const [reads, before] = [readsOf(together), together.asked()];
  const told = await asked(together, 100, 1000);
  expect(told.filter((status) => !/^tidegate-l1; hit; ttl=\d+$/.test(status))).toEqual([]);
  expect([reads(), together.asked() - before]).toEqual([0, 0]);
});

test("who waits for another isolate's fetch finds it in the data centre", async () => {
  const together = await edgesTogether(ISOLATES, [], blobsIn([]));
  together.origin(async () => {
    await together.takes(ORIGIN);
    return answer("max-age=60");
  });
  const { l2 } = together;
  const read: SmallL2["read"] = l2.read;
  let hits = 0;
  l2.read = async (query) => {
    const outcome = await read(query);
    if (outcome.kind === "hit") hits += 1;
    return outcome;
  };
  const all = together.edges.map((edge) => edge.get("/a"));
  await together.pass(3000);
  await Promise.all(all);
  expect([together.asked(), hits]).toEqual([1, 0]);
});

test("what has landed late in the data centre does not take an isolate back to what is older", async () => {
  const all = isolates([{ key_pattern: "/*", class: "standard", request_directives: "honor" }]);
  const blobs = memoryBlobs(all.now);
  all.origin = () => answer("max-age=600");
  await statusOf(await all.begin(memoryBlobs(all.now)), "/a");
  const [slow, quick] = [await all.begin(blobs), await all.begin(blobs)];
  const { put } = blobs;
  const held = Promise.withResolvers<void>();
  blobs.put = async (...of) => {
    blobs.put = put;
    await held.promise;
    return put(...of);
  };
  await slow.get("/a");
  await all.pass(1000);
  all.origin = () => answer("max-age=5");
  await statusOf(quick, "/a", { headers: [["cache-control", "no-cache"]] });
  held.resolve();
  await slow.settled();
  await all.pass(6000);
  expect(await statusOf(quick, "/a")).not.toMatch(/^tidegate-l1; hit/);
});

test("a HEAD that the data centre answers says so", async () => {
  const all = isolates([]);
  const blobs = memoryBlobs(all.now);
  all.origin = () => answer("max-age=60");
  const [first, next] = [await all.begin(blobs), await all.begin(blobs)];
  for (const edge of [first, next]) await statusOf(edge, "/a");
  await all.pass(61_000);
  await statusOf(first, "/a");
  expect(await statusOf(next, "/a", { method: "HEAD" })).toMatch(HIT_NEAR);
});
