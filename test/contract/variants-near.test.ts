// How a resource's answers vary is told in the data centre too: an isolate that has heard nothing finds the variant there.

import { beforeEach, expect, test } from "vitest";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { CacheKey, Selector } from "../../shared/core/units.ts";
import { NOTHING_VARIES, type VaryMark } from "../../shared/core/vary.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { HIT_FAR, HIT_NEAR, type Isolates, isolates, statusOf } from "../support/isolates.ts";
import { HOST, type LoneEdge } from "../support/lone-edge.ts";
import { type MemoryBlobs, memoryBlobs } from "../support/memory-blobs.ts";

let all: Isolates;
let blobs: MemoryBlobs;
let names: string;
let size: number;

/** In the language that is asked for, and by its name. */
function answer({ headers }: OriginRequest): OriginOutcome {
  const language = headerValue(headers, "accept-language") ?? "none";
  const own: HeaderList = [
    ["cache-control", "max-age=60"],
    ["vary", names],
  ];
  const octets = Buffer.alloc(size, language);
  const pieces = [new Uint8Array(octets), null];
  const source = { length: size, read: async () => pieces.shift() ?? null, cancel: () => undefined };
  return { kind: "answer", status: 200, headers: own, body: { kind: "source", source } };
}

beforeEach(() => {
  all = isolates([{ key_pattern: "/*", class: "standard" }]);
  all.origin = answer;
  blobs = memoryBlobs(all.now);
  [names, size] = ["accept-language, x-shop", 64];
});

const asking = (language: string): { headers: HeaderList } => ({ headers: [["accept-language", language]] });

async function textOf(edge: LoneEdge, language: string): Promise<string> {
  const { body } = await edge.get("/a", asking(language));
  await edge.settled();
  return body.kind === "bytes" ? new TextDecoder().decode(body.bytes.slice(0, 2)) : "";
}

const asked = (edges: readonly LoneEdge[]): number => edges.reduce((sum, edge) => sum + edge.asked.length, 0);

test("what one isolate fetched the next finds without asking anybody", async () => {
  const first = await all.begin(blobs);
  for (const language of ["de", "en"]) await statusOf(first, "/a", asking(language));
  all.reads();
  const next = await all.begin(blobs);
  for (const language of ["en", "de"]) expect(await statusOf(next, "/a", asking(language))).toMatch(HIT_NEAR);
  expect([await textOf(next, "de"), await textOf(next, "en")]).toEqual(["de", "en"]);
  expect([all.reads(), next.asked.length]).toEqual([0, 0]);
});

test("so it does what one isolate read from L2", async () => {
  await statusOf(await all.begin(memoryBlobs(all.now)), "/a", asking("de"));
  all.reads();
  expect(await statusOf(await all.begin(blobs), "/a", asking("de"))).toMatch(HIT_FAR);
  expect(all.reads()).toBe(2);
  expect(await statusOf(await all.begin(blobs), "/a", asking("de"))).toMatch(HIT_NEAR);
  expect(all.reads()).toBe(0);
});

test("another variant is not taken for the request's own", async () => {
  await statusOf(await all.begin(blobs), "/a", asking("de"));
  const next = await all.begin(blobs);
  expect(await textOf(next, "fr")).toBe("fr");
  expect(next.asked).toHaveLength(1);
});

test("what is too large for L2 is fetched once, and not by each isolate", async () => {
  size = 1_500_000;
  const edges = [await all.begin(blobs), await all.begin(blobs), await all.begin(blobs)];
  for (const edge of edges) await statusOf(edge, "/a", asking("de"));
  expect(asked(edges)).toBe(1);
});

test("a resource that comes to vary by more says so to the next isolate", async () => {
  const first = await all.begin(blobs);
  await statusOf(first, "/a", asking("de"));
  names = "accept-language, x-more";
  const selectors = [`default u ${HOST}/a` as Selector];
  await all.append({ kind: "invalidate", mode: "hard", selectors });
  await statusOf(first, "/a", asking("de"));
  expect(await statusOf(await all.begin(blobs), "/a", asking("de"))).toMatch(HIT_NEAR);
});

test("what an isolate learns while it looks goes further than what it finds", async () => {
  await statusOf(await all.begin(blobs), "/a", asking("de"));
  const next = await all.begin(blobs);
  const further: VaryMark = { ...NOTHING_VARIES, names: ["accept-language", "x-more", "x-shop"] };
  const { match } = blobs;
  blobs.match = async (...of) => {
    const found = await match(...of);
    const primary =
      found.kind === "hit" ? (JSON.parse(found.blob.record) as { key?: CacheKey }).key : undefined;
    if (primary !== undefined) next.edge.memory.markVaries(primary, further);
    return found;
  };
  await statusOf(next, "/a", asking("de"));
  blobs.match = match;
  const place = [...blobs.kept.values()].find(({ record }) => record.includes('"varies"'));
  const { key } = JSON.parse(place?.record ?? "{}") as { key: CacheKey };
  expect(next.edge.memory.markOf(key)).toEqual(further);
});

test("where it could not be put it is put with the next variant", async () => {
  const first = await all.begin(blobs);
  const { put } = blobs;
  blobs.put = async (...of) =>
    of[1].record.includes('"varies"') ? ({ kind: "unavailable" } as const) : put(...of);
  await statusOf(first, "/a", asking("de"));
  blobs.put = put;
  await statusOf(first, "/a", asking("en"));
  expect(await statusOf(await all.begin(blobs), "/a", asking("de"))).toMatch(HIT_NEAR);
});

test("it is left once, and not with each variant", async () => {
  const first = await all.begin(blobs);
  let marks = 0;
  const { put } = blobs;
  blobs.put = (key, blob, keepFor) => {
    if (blob.record.includes('"varies"')) marks += 1;
    return put(key, blob, keepFor);
  };
  for (const language of ["de", "en", "fr"]) await statusOf(first, "/a", asking(language));
  // Each language that an origin names is one more to choose from; these name none.
  expect(marks).toBe(1);
});

test.each([
  ["of no name", ""],
  ["of names that are none", "a:b"],
  ["of another resource", null],
])("a mark %s leads nowhere", async (_what, varies) => {
  const first = await all.begin(blobs);
  await statusOf(first, "/a", asking("de"));
  const place = [...blobs.kept].find(([, { record }]) => record.includes('"varies"'));
  if (place === undefined) throw new Error("nothing says how it varies");
  const [name, kept] = place;
  const record = JSON.parse(kept.record) as { key: string; varies: string };
  const damaged = varies === null ? { ...record, key: `${record.key}x` } : { ...record, varies };
  blobs.kept.set(name, { ...kept, record: JSON.stringify(damaged) });
  const next = await all.begin(blobs);
  expect(await statusOf(next, "/a", asking("de"))).toMatch(HIT_FAR);
});
