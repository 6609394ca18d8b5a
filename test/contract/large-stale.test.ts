// Large bodies past their life: freshened by a 304, and standing in for an origin that fails, for everybody who waits.

import { beforeEach, expect, test } from "vitest";
import type { Reply } from "../../edge/request.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { answerOf, type Release, release } from "../support/large-origin.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { memoryBlobs } from "../support/memory-blobs.ts";

const SIZE = 1_300_000;
const LATER = 86_401_000;
/** Too small for chunks: it is in the data centre in one piece. */
const ONE = release(SIZE, { etag: '"1"' });

let lone: LoneEdge;
let at: Release;

beforeEach(async () => {
  lone = loneEdge([{ key_pattern: "/*", class: "standard", stale_if_error: "1h" }], {
    blobs: memoryBlobs(() => lone.now),
  });
  at = ONE;
  lone.origin = (request) => answerOf(at, request);
  await lone.beat();
  expect(same(await get())).toBe(true);
  lone.asked.splice(0);
  lone.now += LATER;
});

async function get(more: { headers?: HeaderList; method?: string } = {}): Promise<Reply> {
  const reply = await lone.get("/a", more);
  await lone.settled();
  return reply;
}

const RANGE = { headers: [["range", "bytes=1000-70000"]] } as const;
const octets = ({ body }: Reply): Uint8Array => (body.kind === "bytes" ? body.bytes : new Uint8Array(0));
const same = (reply: Reply, of = ONE, from = 0, to = SIZE - 1): boolean =>
  Buffer.from(octets(reply)).equals(Buffer.from(of.bytes.subarray(from, to + 1)));
const validators = (): (string | null)[] =>
  lone.asked.map(({ headers }) => headerValue(headers, "if-none-match"));

test("a large body is freshened by a 304, and its octets are not sent again", async () => {
  expect(same(await get())).toBe(true);
  expect(validators()).toEqual(['"1"']);
  expect(same(await get())).toBe(true);
  expect(lone.asked).toHaveLength(1);
});

test("a range and a HEAD of it are answered behind the same 304", async () => {
  const range = await get(RANGE);
  expect([range.status, same(range, ONE, 1000, 70_000)]).toEqual([206, true]);
  expect(validators()).toEqual(['"1"']);
  lone.now += LATER;
  const head = await get({ method: "HEAD" });
  expect([head.status, headerValue(head.headers, "content-length")]).toEqual([200, String(SIZE)]);
  expect(validators()).toEqual(['"1"', '"1"']);
});

test("a 304 keeps the age of its own request, and ends with its own life", async () => {
  await get();
  expect((await get()).age).toBe(0);
  lone.now += LATER;
  await get();
  expect(validators()).toEqual(['"1"', '"1"']);
});

test("what has changed replaces it", async () => {
  at = release(SIZE, { etag: '"2"' });
  expect(same(await get(), at)).toBe(true);
  expect(same(await get(), at)).toBe(true);
  expect(lone.asked).toHaveLength(1);
});

test("a body that is gone by the time of its 304 is fetched whole", async () => {
  const blobs = lone.edge.blobs as ReturnType<typeof memoryBlobs>;
  lone.origin = (request) => {
    blobs.kept.clear();
    return answerOf(at, request);
  };
  expect(same(await get())).toBe(true);
  expect(validators()).toEqual(['"1"', null]);
});

test.each([
  ["GET", {}, 200],
  ["HEAD", { method: "HEAD" }, 200],
  ["range", RANGE, 206],
  ["range with a condition", { headers: [...RANGE.headers, ["if-range", '"1"']] as HeaderList }, 206],
])("while the origin fails a %s gets the stale one", async (_, asking, status) => {
  lone.origin = () => ({ kind: "answer", status: 503, headers: [], body: { kind: "none" } });
  const reply = await get(asking);
  expect(reply.status).toBe(status);
  expect(reply.cacheStatus).toContain("detail=stale");
});

test("everybody who waited for a failing origin gets all of the stale body, each by a stream of its own", async () => {
  lone.origin = async () => ({ kind: "unreachable", reason: "refused", detail: "down" });
  const crowd = await Promise.all([1, 2, 3, 4].map(() => lone.get("/a")));
  await lone.settled();
  expect(crowd.map((reply) => [reply.status, same(reply)])).toEqual(Array(4).fill([200, true]));
  expect(lone.asked).toHaveLength(1);
});

test("what is found of it, and is of no use any more, is not left unread while the origin is asked", async () => {
  const blobs = memoryBlobs(() => edge.now);
  let unread = 0;
  const match: BlobStore["match"] = async (key) => {
    const found = await blobs.match(key);
    if (found.kind !== "hit" || found.blob.body.kind !== "source") return found;
    const { source } = found.blob.body;
    unread += 1;
    const cancel = (reason: string): void => {
      unread -= 1;
      source.cancel(reason);
    };
    const watched = { length: source.length, read: () => source.read(), cancel };
    return { ...found, blob: { ...found.blob, body: { kind: "source", source: watched } } };
  };
  const edge = loneEdge([{ key_pattern: "/*", class: "standard" }], { blobs: { ...blobs, match } });
  const unreadThen: number[] = [];
  edge.origin = (request) => {
    unreadThen.push(unread);
    return answerOf(ONE, request);
  };
  await edge.beat();
  await edge.get("/a");
  await edge.settled();
  edge.append({ kind: "invalidate", mode: "hard", selectors: [`default u ${HOST}/a` as Selector] });
  edge.now += 60_000;
  expect(same(await edge.get("/a"))).toBe(true);
  // A worker has six connections, and each body that is neither read nor cancelled keeps one.
  expect(unreadThen).toEqual([0, 0]);
});
