// Large bodies in chunks: what is fetched and what is not, and that no chunk brings back what has been invalidated.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Reply } from "../../edge/request.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { bytes, type Selector } from "../../shared/core/units.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { OriginRequest } from "../../shared/ports/origin.ts";
import { answerOf, type Release, release, streamed } from "../support/large-origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { type MemoryBlobs, memoryBlobs } from "../support/memory-blobs.ts";

const SIZE = 1_500_000;
const CHUNK = 200_000;
const CHUNKING = { from: bytes(400_000), size: bytes(CHUNK) };
const ONE = release(SIZE, { etag: '"1"' });
const TWO = release(SIZE, { etag: '"2"' });

let lone: LoneEdge;
let blobs: MemoryBlobs;
let at: Release;

beforeEach(async () => {
  blobs = memoryBlobs(() => lone.now);
  lone = edgeOver(blobs);
  at = ONE;
  await lone.beat();
});

/** Another isolate of the same data centre, if over the same blobs. */
function edgeOver(over: MemoryBlobs): LoneEdge {
  const edge = loneEdge([{ key_pattern: "/*", class: "immutable" }], { blobs: over, chunking: CHUNKING });
  edge.origin = (request) => answerOf(at, request);
  return edge;
}

const range = (from: number, to: number): { headers: HeaderList } => ({
  headers: [["range", `bytes=${from}-${to}`]],
});

async function get(path: string, more: { headers?: HeaderList; method?: string } = {}): Promise<Reply> {
  const reply = await lone.get(path, more);
  await lone.settled();
  return reply;
}

const octets = ({ body }: Reply): Uint8Array => (body.kind === "bytes" ? body.bytes : new Uint8Array(0));
const same = (reply: Reply, of: Release, from = 0, to = SIZE - 1): boolean =>
  Buffer.from(octets(reply)).equals(Buffer.from(of.bytes.subarray(from, to + 1)));
const rangesAsked = (): (string | null)[] => lone.asked.map(({ headers }) => headerValue(headers, "range"));
const asked = (): readonly OriginRequest[] => lone.asked.splice(0);

describe("what is fetched", () => {
  test("a range in the middle of what is held nowhere fetches its chunks, and no others", async () => {
    const reply = await get("/a", range(650_000, 850_000));
    expect(reply.status).toBe(206);
    expect(headerValue(reply.headers, "content-range")).toBe(`bytes 650000-850000/${SIZE}`);
    expect(same(reply, ONE, 650_000, 850_000)).toBe(true);
    // The first one tells how large it is.
    expect(rangesAsked()).toEqual(["bytes=650000-850000", "bytes=600000-799999", "bytes=800000-999999"]);
    expect(headerValue(lone.asked[1]?.headers ?? [], "if-match")).toBe('"1"');
    asked();
    expect(same(await get("/a", range(700_000, 900_000)), ONE, 700_000, 900_000)).toBe(true);
    expect(asked()).toEqual([]);
  });

  test("a whole that was streamed once is read, in ranges too, without asking the origin", async () => {
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(asked()).toHaveLength(1);
    const again = await get("/a");
    expect([again.status, same(again, ONE)]).toEqual([200, true]);
    expect(again.cacheStatus).toMatch(/^tidegate-l1; hit/);
    expect(same(await get("/a", range(199_999, 200_000)), ONE, 199_999, 200_000)).toBe(true);
    expect(same(await get("/a", { headers: [["range", "bytes=-5"]] }), ONE, SIZE - 5)).toBe(true);
    const head = await get("/a", { method: "HEAD" });
    expect([head.status, headerValue(head.headers, "content-length")]).toEqual([200, String(SIZE)]);
    expect(asked()).toEqual([]);
  });

  test("a range that holds whole chunks keeps them as they pass", async () => {
    expect(same(await get("/a", { headers: [["range", "bytes=300000-"]] }), ONE, 300_000)).toBe(true);
    expect(asked()).toHaveLength(1);
    expect(same(await get("/a", range(400_000, SIZE - 1)), ONE, 400_000)).toBe(true);
    expect(asked()).toEqual([]);
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(rangesAsked()).toEqual(["bytes=0-199999", "bytes=200000-399999"]);
  });

  test("a chunk that was lost is fetched again, alone", async () => {
    await get("/a");
    asked();
    loseChunk(3);
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(rangesAsked()).toEqual(["bytes=600000-799999"]);
    asked();
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(asked()).toEqual([]);
  });

  test("Invariant 4: those who read the same chunk at once have it fetched once", async () => {
    await get("/a", range(650_000, 650_001));
    loseChunk(3);
    asked();
    const readers = await Promise.all([1, 2, 3, 4].map((n) => lone.get("/a", range(700_000 + n, 750_000))));
    await lone.settled();
    expect(readers.map((reply, n) => same(reply, ONE, 700_001 + n, 750_000))).toEqual(Array(4).fill(true));
    expect(asked()).toHaveLength(1);
  });

  test("a chunk that breaks off ends the body of whoever asked for it: those who wait have it asked for once more", async () => {
    await get("/a");
    loseChunk(3);
    asked();
    lone.origin = (request) => {
      const outcome = answerOf(ONE, request);
      return lone.asked.length === 1 && outcome.kind === "answer"
        ? { ...outcome, body: streamed(ONE.bytes.slice(600_000, 800_000), 50_000) }
        : outcome;
    };
    const readers = await Promise.allSettled(
      [1, 2, 3].map((n) => lone.get("/a", range(600_000, 600_000 + n))),
    );
    await lone.settled();
    expect(asked()).toHaveLength(2);
    expect(readers.map(({ status }) => status)).toEqual(Array(3).fill("fulfilled"));
    loseChunk(3);
    const wholes = await Promise.allSettled([1, 2, 3].map(() => lone.get("/a")));
    await lone.settled();
    expect(wholes.map(({ status }) => status).sort()).toEqual(["fulfilled", "fulfilled", "rejected"]);
  });

  test("an origin that says that it sends parts, and sends the whole, is asked for that once", async () => {
    lone.origin = (request) =>
      answerOf(ONE, { ...request, headers: request.headers.filter(([name]) => name !== "range") });
    const reply = await get("/a", range(650_000, 850_000));
    expect(reply.status === 200 ? same(reply, ONE) : same(reply, ONE, 650_000, 850_000)).toBe(true);
    expect(asked()).toHaveLength(1);
    expect(same(await get("/a", range(5, 10)), ONE, 5, 10)).toBe(true);
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(asked()).toHaveLength(0);
  });

  test("Invariant 4: those who come while a whole is streaming in take it from its chunks", async () => {
    const crowd = await Promise.all([1, 2, 3, 4, 5].map(() => lone.get("/a")));
    await lone.settled();
    expect(crowd.map((reply) => same(reply, ONE))).toEqual([true, true, true, true, true]);
    expect(asked()).toHaveLength(1);
  });

  test("a HEAD and a range of a whole that has changed have nothing of it fetched but what they ask for", async () => {
    await get("/a");
    at = TWO;
    lone.now += 86_400_000 * 400;
    asked();
    expect((await get("/a", { method: "HEAD" })).status).toBe(200);
    expect(same(await get("/a", range(10, 20)), TWO, 10, 20)).toBe(true);
    expect(rangesAsked().slice(1)).toEqual(["bytes=0-199999"]);
  });

  test("a body that breaks off leaves the chunks that were whole", async () => {
    lone.origin = (request) => ({
      ...(answerOf(ONE, request) as { kind: "answer"; status: number; headers: HeaderList }),
      body: streamed(ONE.bytes, 500_000),
    });
    await expect(get("/a")).rejects.toThrow("broke off");
    await lone.settled();
    asked();
    lone.origin = (request) => answerOf(ONE, request);
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(rangesAsked()[0]).toBe("bytes=400000-599999");
  });

  test("an origin that sends more than it announced: what is beyond is nobody's", async () => {
    lone.origin = (request) => {
      const outcome = answerOf(ONE, request);
      const { body } = outcome as { body: Body & { kind: "source" } };
      const long = streamed(new Uint8Array([...ONE.bytes, 1, 2, 3])) as typeof body;
      const source = { ...long.source, length: SIZE };
      return { ...outcome, body: { kind: "source", source } } as typeof outcome;
    };
    await expect(get("/a")).rejects.toThrow("another length");
    await lone.settled();
    lone.origin = (request) => answerOf(ONE, request);
    expect(same(await get("/a"), ONE)).toBe(true);
  });

  test.each([
    ["a weak validator", { etag: 'W/"1"', fields: undefined }],
    ["none that offers ranges", { etag: '"1"', fields: [["accept-ranges", "none"]] as HeaderList }],
  ])("%s: the body stays in one piece", async (_, of) => {
    at = release(SIZE, { etag: of.etag });
    if (of.fields !== undefined)
      lone.origin = (request) => {
        const outcome = answerOf(at, request);
        if (outcome.kind !== "answer") return outcome;
        return { ...outcome, headers: outcome.headers.filter(([, value]) => value !== "bytes") };
      };
    await get("/a");
    expect(same(await get("/a"), at)).toBe(true);
    expect(recorded()).toHaveLength(1);
  });
});

interface Recorded {
  readonly age: number;
  readonly answer: { readonly part: { readonly kind: string; readonly from: number } };
}

/** Answers and chunks that are in the data centre; what else is kept there is left out. */
const recorded = (): [string, Recorded][] =>
  [...blobs.kept].flatMap(([key, { record }]): [string, Recorded][] =>
    record.startsWith('{"answer"') ? [[key, JSON.parse(record) as Recorded]] : [],
  );

/** As the Cache API does, at any time. */
function loseChunk(index: number): void {
  for (const [key, { answer }] of recorded())
    if (answer.part.kind === "range" && answer.part.from === index * CHUNK) blobs.kept.delete(key);
}

describe("where there is no room for what is collected to be stored", () => {
  /** All that there is for a site; what is free of it otherwise. */
  function takeAll(): () => void {
    const { collected, clock } = lone.edge;
    const holding = collected.begin("default", clock.now());
    expect(collected.take(holding, LIMITS.collectedOfSite, clock.now())).toBe(true);
    return () => collected.giveBack(holding);
  }

  const chunks = (): number => recorded().filter(([, { answer }]) => answer.part.kind === "range").length;

  test("a whole that streams in keeps no chunk of it, and its client gets all", async () => {
    const giveBack = takeAll();
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(chunks()).toBe(0);
    giveBack();
    expect(same(await get("/a"), ONE)).toBe(true);
    expect(chunks()).toBe(Math.ceil(SIZE / CHUNK));
    takeAll();
  });

  test("nor is one kept that is fetched alone; and those who wait for it ask for themselves", async () => {
    await get("/a");
    loseChunk(3);
    asked();
    const giveBack = takeAll();
    const readers = await Promise.all([1, 2].map((n) => lone.get("/a", range(700_000 + n, 750_000))));
    await lone.settled();
    expect(readers.map((reply, n) => same(reply, ONE, 700_001 + n, 750_000))).toEqual([true, true]);
    expect(asked().length).toBe(2);
    giveBack();
    expect(chunks()).toBe(Math.ceil(SIZE / CHUNK) - 1);
  });

  test("it is given back where a body breaks off", async () => {
    lone.origin = (request) => ({
      ...(answerOf(ONE, request) as { kind: "answer"; status: number; headers: HeaderList }),
      body: streamed(ONE.bytes, 500_000),
    });
    await expect(get("/a")).rejects.toThrow("broke off");
    await lone.settled();
    takeAll();
  });
});

describe("a validator that changes", () => {
  test("before the first octet: the new representation is sent, from its own chunks", async () => {
    await get("/a");
    loseChunk(0);
    at = TWO;
    const reply = await get("/a");
    expect([reply.status, same(reply, TWO)]).toEqual([200, true]);
    expect(same(await get("/a", range(500_000, 900_000)), TWO, 500_000, 900_000)).toBe(true);
  });

  test("in the midst of a body: it breaks off, and nobody gets octets of both", async () => {
    await get("/a");
    loseChunk(4);
    at = TWO;
    await expect(lone.get("/a")).rejects.toThrow("can't be had: changed");
    await lone.settled();
    expect(same(await get("/a"), TWO)).toBe(true);
  });

  test.each([
    ["another validator", ONE.bytes, [["etag", '"2"']]],
    ["none at all", ONE.bytes, []],
    [
      "another coding",
      ONE.bytes,
      [
        ["etag", '"1"'],
        ["content-encoding", "br"],
      ],
    ],
  ] as [string, Uint8Array<ArrayBuffer>, HeaderList][])(
    "an origin that ignores If-Match and sends %s is not believed",
    async (_, body, fields) => {
      await get("/a");
      loseChunk(2);
      lone.origin = () => ({
        kind: "answer",
        status: 206,
        headers: [
          ["cache-control", "max-age=600"],
          ["content-range", `bytes 400000-599999/${SIZE}`],
          ...fields,
        ],
        body: streamed(body.slice(400_000, 600_000)),
      });
      await expect(lone.get("/a")).rejects.toThrow("changed");
      await lone.settled();
    },
  );

  test("a chunk that is shorter than it says ends the body as an error, and is not kept", async () => {
    await get("/a");
    loseChunk(2);
    const before = recorded().length;
    lone.origin = (request) => {
      const outcome = answerOf(ONE, request);
      return outcome.kind === "answer" && outcome.status === 206
        ? { ...outcome, body: streamed(ONE.bytes.slice(400_000, 600_000), 100_000) }
        : outcome;
    };
    await expect(lone.get("/a")).rejects.toThrow();
    await lone.settled();
    expect(recorded()).toHaveLength(before);
  });
});

const PURGE = {
  kind: "invalidate",
  mode: "hard",
  selectors: ["default u site.test/a" as Selector],
} as const;

describe("invariants", () => {
  test("Invariant 1: after a purge nothing of it is served, and all of it is fetched anew", async () => {
    await get("/a");
    lone.append(PURGE);
    lone.now += 601_000;
    asked();
    at = TWO;
    expect(same(await get("/a"), TWO)).toBe(true);
    expect(rangesAsked()).toEqual([null]);
    expect(headerValue(lone.asked[0]?.headers ?? [], "if-none-match")).toBe(null);
  });

  test("Invariant 2: a chunk from before a purge is none of the whole after it, whatever its validator", async () => {
    const bad = release(SIZE, { etag: '"x"' });
    const good: Release = { bytes: TWO.bytes, etag: '"x"' };
    at = bad;
    await get("/a");
    lone.append(PURGE);
    lone.now += 601_000;
    at = good;
    // The new whole is known by one of its chunks: the other ones that are here are all of the old.
    expect(same(await get("/a", range(5, 10)), good, 5, 10)).toBe(true);
    expect(same(await get("/a"), good)).toBe(true);
  });

  test("Invariant 2: what another isolate asked for with an older as-of is no part of a newer whole", async () => {
    const behind = edgeOver(blobs);
    await behind.beat();
    lone.append({
      kind: "invalidate",
      mode: "hard",
      selectors: ["default u site.test/b" as Selector],
    });
    lone.now += 601_000;
    await get("/a", range(5, 10));
    loseChunk(1);
    // It reads what the other one has begun, of which it has no right to keep a part.
    behind.now = lone.now;
    behind.logAnswers = false;
    const before = recorded().length;
    await behind.get("/a", range(200_000, 200_010));
    await behind.settled();
    expect(behind.asked.length).toBeGreaterThan(0);
    expect(recorded()).toHaveLength(before);
  });

  test("Invariant 3: a whole is as old as the oldest of its chunks", async () => {
    await get("/a", range(5, 10));
    at = { ...ONE, fields: [["age", "500"]] };
    await get("/a", range(700_000, 700_010));
    const reply = await get("/a", { method: "HEAD" });
    expect(reply.age).toBeGreaterThanOrEqual(500);
  });

  test("Invariant 3: a chunk that the whole does not cover is fetched again, whoever stored it", async () => {
    await get("/a");
    for (const [key, record] of recorded()) {
      const kept = blobs.kept.get(key);
      const older = JSON.stringify({ ...record, age: record.age + 60_000 });
      if (kept !== undefined && record.answer.part.kind === "range")
        blobs.kept.set(key, { ...kept, record: older });
    }
    asked();
    expect(same(await get("/a", range(5, 10)), ONE, 5, 10)).toBe(true);
    expect(rangesAsked()).toEqual(["bytes=0-199999"]);
  });

  test("a tag that one chunk brings purges the whole", async () => {
    await get("/a", range(5, 10));
    at = { ...ONE, fields: [["cache-tag", "blue"]] };
    await get("/a", range(700_000, 700_010));
    lone.append({ kind: "invalidate", mode: "hard", selectors: ["default t blue" as Selector] });
    lone.now += 601_000;
    asked();
    at = TWO;
    expect(same(await get("/a", range(5, 10)), TWO, 5, 10)).toBe(true);
  });

  test("Invariant 8: codings and URLs have chunks of their own", async () => {
    const coded = (coding: string): Release => ({
      ...release(SIZE, { etag: coding === "br" ? '"b"' : '"i"' }),
      // One tag for all codings, as some origins have it.
      etag: '"same"',
      fields: [
        ["vary", "accept-encoding"],
        ...(coding === "br" ? [["content-encoding", "br"] as const] : []),
      ],
    });
    lone.origin = (request) =>
      answerOf(coded(headerValue(request.headers, "accept-encoding") ?? ""), request);
    for (const coding of ["br", "identity", "br", "identity"]) {
      const reply = await get("/a", { headers: [["accept-encoding", coding]] });
      expect(same(reply, coded(coding))).toBe(true);
    }
    expect(asked()).toHaveLength(2);
    await get("/b", range(5, 10));
    expect(asked().length).toBeGreaterThan(0);
  });

  test("Invariant 12: a whole that was asked for earlier does not replace one that was asked for later", async () => {
    await get("/a");
    const [found] = [...blobs.kept].filter(([, { record }]) => record.includes('"chunks"'));
    lone.append(PURGE);
    lone.now += 601_000;
    at = TWO;
    await get("/a");
    const { edge } = lone;
    const old = JSON.parse(found?.[1].record ?? "{}") as {
      answer: never;
      chunks: { since: never; size: number };
    };
    const held = { answer: old.answer, verifiedTo: old.chunks.since, bornAt: edge.clock.now(), sentAt: null };
    const chunks = { ...old.chunks, bornAt: edge.clock.now() };
    expect(await edge.dataCentre.storeInChunks({ ...held, chunks })).toBe(false);
    expect(same(await get("/a"), TWO)).toBe(true);
  });
});

test("a 304 gives a body in chunks a new life: none of them is fetched again", async () => {
  await get("/a");
  lone.now += 86_400_000 * 366;
  asked();
  const reply = await get("/a", range(250_000, 900_000));
  expect([reply.status, same(reply, ONE, 250_000, 900_000)]).toEqual([206, true]);
  expect(lone.asked.map(({ headers }) => headerValue(headers, "if-none-match"))).toEqual(['"1"']);
  asked();
  expect(same(await get("/a"), ONE)).toBe(true);
  expect(asked()).toEqual([]);
});
