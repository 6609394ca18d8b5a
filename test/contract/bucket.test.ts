// A bucket that all data centres share: what one of them fetched no other has to, and nothing older replaces what is newer.

import { beforeEach, describe, expect, test } from "vitest";
import type { Reply } from "../../edge/request.ts";
import { bucketStore } from "../../edge/runtime/bucket-store.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import { bytes, days, instant, millis, type Selector } from "../../shared/core/units.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { type FakeBucket, fakeBucket } from "../support/fake-bucket.ts";
import { answerOf, type Release, release } from "../support/large-origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { memoryBlobs } from "../support/memory-blobs.ts";

const SIZE = 1_500_000;
const CHUNKING = { from: bytes(400_000), size: bytes(200_000) };
const WALL = 1_800_000_000_000;
const ONE = release(SIZE, { etag: '"1"' });
const TWO = release(SIZE, { etag: '"2"' });

let fake: FakeBucket;
let time: { now: number };
let at: Release;
let here: LoneEdge;
let there: LoneEdge;

beforeEach(async () => {
  time = { now: 1000 };
  fake = fakeBucket(() => WALL + time.now);
  at = ONE;
  [here, there] = [edgeOf(), edgeOf()];
  await here.beat();
  await there.beat();
});

/** In a data centre of its own. */
function edgeOf(blobs = memoryBlobs(() => time.now)): LoneEdge {
  const policies = [{ key_pattern: "/*", class: "immutable" }];
  const edge = loneEdge(policies, { blobs, bucketBlobs: store(), chunking: CHUNKING });
  edge.origin = (request) => answerOf(at, request);
  return edge;
}

const store = (): BlobStore =>
  bucketStore(
    fake.bucket,
    { now: () => instant(time.now), wall: () => WALL + time.now },
    { read: millis(30), put: millis(30) },
  );

async function get(edge: LoneEdge, headers: HeaderList = []): Promise<Reply> {
  const reply = await edge.get("/a", { headers });
  await edge.settled();
  return reply;
}

function pass(span: number): void {
  time.now += span;
  here.now += span;
  there.now += span;
}

const RANGE: HeaderList = [["range", "bytes=650000-850000"]];
const octets = ({ body }: Reply): Uint8Array => (body.kind === "bytes" ? body.bytes : new Uint8Array(0));
const same = (reply: Reply, of: Release, from = 0, to = SIZE - 1): boolean =>
  Buffer.from(octets(reply)).equals(Buffer.from(of.bytes.subarray(from, to + 1)));

describe("another data centre", () => {
  test("finds the variant of what varies", async () => {
    at = release(SIZE, { etag: '"1"', fields: [["vary", "x-shop"]] });
    const inShop = (shop: string): HeaderList => [["x-shop", shop]];
    await get(here, inShop("1"));
    const blobs = memoryBlobs(() => time.now);
    const isolates = [edgeOf(blobs), edgeOf(blobs)];
    for (const isolate of isolates) {
      isolate.origin = () => ({ kind: "unreachable", reason: "refused", detail: "no origin" });
      await isolate.beat();
      expect(same(await get(isolate, inShop("1")), at)).toBe(true);
      expect((await get(isolate, inShop("2"))).status).toBe(502);
      // The first has brought it here.
      fake.before = () => Promise.reject(new Error("away"));
    }
  });

  test("takes a whole, and ranges, from the bucket without asking the origin", async () => {
    expect(same(await get(here), ONE)).toBe(true);
    pass(10_000);
    const range = await get(there, RANGE);
    expect([range.status, same(range, ONE, 650_000, 850_000)]).toEqual([206, true]);
    expect(range.cacheStatus).toMatch(/^tidegate-l2; hit/);
    expect(same(await get(there), ONE)).toBe(true);
    expect(there.asked).toEqual([]);
    // By then it has it near.
    fake.kept.clear();
    expect(same(await get(there), ONE)).toBe(true);
    expect(there.asked).toEqual([]);
  });

  test("Invariant 3: what comes out of it has lost no age on the way", async () => {
    await get(here);
    pass(10_000);
    expect((await get(there)).age).toBeGreaterThanOrEqual(10);
    pass(86_400_000);
    await get(edgeOf());
    expect((await get(there)).status).toBe(200);
    expect(there.asked.length).toBeGreaterThan(0);
  });

  test("Invariant 2: a purge that it knows of is heeded, whoever fetched what is in the bucket", async () => {
    await get(here);
    there.append({ kind: "invalidate", mode: "hard", selectors: ["default u site.test/a" as Selector] });
    pass(601_000);
    at = TWO;
    expect(same(await get(there), TWO)).toBe(true);
    expect(there.asked).toHaveLength(1);
  });

  test("has a chunk that the bucket lost fetched alone, and gives it to the others", async () => {
    await get(here);
    for (const [name, { customMetadata }] of fake.kept)
      if (decodeURIComponent(customMetadata.record ?? "").includes('"from":600000')) fake.kept.delete(name);
    expect(same(await get(there), ONE)).toBe(true);
    expect(there.asked).toHaveLength(1);
    const third = edgeOf();
    await third.beat();
    expect(same(await get(third), ONE)).toBe(true);
    expect(third.asked).toEqual([]);
  });

  test.each<[string, () => Promise<void>]>([
    ["rejects", () => Promise.reject(new Error("away"))],
    ["never answers", () => new Promise(() => {})],
  ])(
    "Invariant 5, 6: where the bucket %s the origin answers, and it is left alone for a while",
    async (_, before) => {
      fake.before = before;
      expect(same(await get(there), ONE)).toBe(true);
      expect(same(await get(there), ONE)).toBe(true);
      expect(there.asked).toHaveLength(1);
      expect(fake.calls).toBeLessThanOrEqual(4);
    },
    30_000,
  );
});

describe("the store", () => {
  const blob = (seq: number, text = `of ${seq}`) => ({
    record: text,
    body: { kind: "bytes", bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> } as const,
    length: text.length,
    asOf: { epoch: 7, seq },
  });
  const recordOf = async (key = "k"): Promise<string | null> => {
    const found = await store().match(key);
    return found.kind === "hit" ? found.blob.record : null;
  };

  test("Invariant 12: keeps what was asked for later, whoever comes last", async () => {
    expect(await store().put("k", blob(5), days(1))).toEqual({ kind: "stored" });
    expect(await store().put("k", blob(4), days(1))).toEqual({ kind: "unavailable" });
    expect(await recordOf()).toBe("of 5");
    expect(await store().put("k", blob(6), days(1))).toEqual({ kind: "stored" });
    expect(await recordOf()).toBe("of 6");
  });

  test("Invariant 12: also where a newer one comes between looking and putting", async () => {
    await store().put("k", blob(3), days(1));
    let between: Promise<unknown> | null = null;
    const { head } = fake.bucket;
    Object.assign(fake.bucket, {
      head: async (name: string) => {
        const found = await head.call(fake.bucket, name);
        if (between === null) {
          between = Promise.resolve();
          await store().put("k", blob(9), days(1));
        }
        return found;
      },
    });
    expect(await store().put("k", blob(5), days(1))).toEqual({ kind: "unavailable" });
    expect(await recordOf()).toBe("of 9");
  });

  test("forgets what is past its time, and what another host's clock makes younger than nothing", async () => {
    await store().put("k", blob(5), millis(60_000));
    expect(await recordOf()).toBe("of 5");
    pass(60_000);
    expect(await recordOf()).toBeNull();
    await store().put("k", blob(6), millis(60_000));
    time.now -= 30_000;
    expect(await recordOf()).toBeNull();
  });

  test("takes no record that does not fit beside an object", async () => {
    expect(await store().put("k", blob(5, "x".repeat(7200)), days(1))).toEqual({ kind: "unavailable" });
    expect(fake.kept.size).toBe(0);
  });

  test("cuts a range, and misses what has another length than it says", async () => {
    await store().put("k", blob(5, "0123456789"), days(1));
    const cut = await store().matchRange("k", { from: 2, to: 4 });
    expect(cut.kind === "hit" && new TextDecoder().decode(octets({ body: cut.blob.body } as Reply))).toBe(
      "234",
    );
    for (const [name, kept] of fake.kept) fake.kept.set(name, { ...kept, bytes: kept.bytes.slice(1) });
    expect((await store().match("k")).kind).toBe("absent");
  });
});
