// Stores that hang while a large body is on its way: they get no more of it, and its client waits for them once.

import { expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Millis } from "../../shared/core/units.ts";
import type { Blob, BlobStore } from "../../shared/ports/blob-store.ts";
import { type EdgesTogether, edgesTogether } from "../support/edges-together.ts";
import { answerOf, type Release, release } from "../support/large-origin.ts";
import { type MemoryBlobs, memoryBlobs, readAll } from "../support/memory-blobs.ts";

const MEBIBYTE = 1 << 20;
const IN_ONE_PIECE = release(3 * MEBIBYTE, { etag: 'W/"1"' });
const IN_CHUNKS = release(9 * MEBIBYTE, { etag: '"1"' });

/** How long a client waits for all of it. */
async function waitFor(together: EdgesTogether, file: Release): Promise<number> {
  together.origin((request) => answerOf(file, request));
  const [edge] = together.edges;
  if (edge === undefined) throw new Error("no edge");
  const since = edge.now;
  let waited = Number.POSITIVE_INFINITY;
  void edge.open("/a").then(async ({ body }) => {
    expect(Buffer.from(await readAll(body)).equals(file.bytes)).toBe(true);
    waited = edge.now - since;
  });
  await together.pass(20_000);
  return waited;
}

type Put = BlobStore["put"];

const hangs: Put = () => new Promise(() => {});

const hangsInTheMiddle: Put = async (...[, { body }]) => {
  if (body.kind === "source") await body.source.read();
  return new Promise(() => {});
};

const takesNothing: Put = async () => ({ kind: "unavailable" });

const hasBody = ({ body }: Blob): boolean => body.kind !== "none";

test.each([
  ["hangs", hangs, LIMITS.cacheApiDeadline],
  ["hangs in the middle", hangsInTheMiddle, LIMITS.cacheApiDeadline],
  ["takes nothing of it", takesNothing, 0],
])("Invariant 6: a data centre whose put %s", async (_, put, most) => {
  for (const file of [IN_ONE_PIECE, IN_CHUNKS]) {
    const together = await edgesTogether(1, [], (now) => {
      const blobs = memoryBlobs(now);
      return { ...blobs, put: (...args) => (hasBody(args[1]) ? put : blobs.put)(...args) };
    });
    expect(await waitFor(together, file)).toBeLessThanOrEqual(most + 50);
  }
});

/** As a bucket that is silent, without a breaker before it. */
function silent(takes: (span: Millis) => Promise<void>): BlobStore {
  const late = (span: Millis) => async () => {
    await takes(span);
    return { kind: "unavailable", reason: "timeout" } as const;
  };
  const read = late(LIMITS.bucketReadDeadline);
  return {
    match: read,
    matchRange: read,
    restate: read,
    put: late(LIMITS.bucketPutDeadline),
    delete: async () => {},
  };
}

test("Invariant 6: a bucket that is silent, when it is looked into, when it is to be filled, and once for all chunks", async () => {
  let blobs: MemoryBlobs | null = null;
  const policies = [{ key_pattern: "/*", class: "immutable" }];
  const inMemory = (now: () => number): MemoryBlobs => {
    blobs = memoryBlobs(now);
    return blobs;
  };
  const together: EdgesTogether = await edgesTogether(
    1,
    policies,
    inMemory,
    silent((span) => together.takes(span)),
  );
  const first = await waitFor(together, IN_CHUNKS);
  expect(first).toBeLessThanOrEqual(LIMITS.bucketReadDeadline + LIMITS.bucketPace + 50);
  const { kept } = blobs ?? memoryBlobs();
  const chunks = [...kept].filter(([, { record }]) => record.includes('"kind":"range"'));
  expect(chunks).toHaveLength(5);
  for (const [key] of chunks) kept.delete(key);
  expect(await waitFor(together, IN_CHUNKS)).toBeLessThanOrEqual(LIMITS.bucketReadDeadline + 50);
  expect(together.asked()).toBeGreaterThan(3);
});
