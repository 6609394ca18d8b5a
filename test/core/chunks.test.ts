// Which octets a chunk has, which bodies are kept so, and which chunk belongs to which whole.

import { describe, expect, test } from "vitest";
import {
  belongs,
  chunkRange,
  hasWholeChunk,
  type InChunks,
  inChunks,
  isChunkable,
  withChunk,
} from "../../shared/core/chunks.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { HeldAnswer, StoredAnswer } from "../../shared/core/stored-answer.ts";
import { bytes, instant, type Selector } from "../../shared/core/units.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const CHUNKING = { from: bytes(100), size: bytes(40) };
const HEADERS: HeaderList = [["etag", '"1"']];

const held = (of: Partial<StoredAnswer>, bornAt = 10_000): HeldAnswer => {
  const answer = storedAnswer({ id: "id", asOf: { epoch: 7, seq: 5 }, length: 110, headers: HEADERS, ...of });
  return { answer, verifiedTo: answer.asOf, bornAt: instant(bornAt), sentAt: null };
};
const WHOLE: InChunks = inChunks(held({}), 40);
const RANGE = { from: 40, to: 79 };
const PART = { kind: "range", from: 40, to: 79, complete: 110 } as const;
const piece = (of: Partial<StoredAnswer> = {}, bornAt = 10_000): HeldAnswer =>
  held({ part: PART, length: 40, ...of }, bornAt);

test("chunks follow one another, and the last one ends with the body", () => {
  expect([0, 1, 2].map((index) => chunkRange(WHOLE, index))).toEqual([
    { from: 0, to: 39 },
    { from: 40, to: 79 },
    { from: 80, to: 109 },
  ]);
});

test.each([
  [0, 39, true],
  [0, 38, false],
  [1, 78, false],
  [1, 79, true],
  [41, 108, false],
  [41, 109, true],
  [81, 109, false],
])("octets %i to %i of 110 have a whole chunk of 40: %s", (from, to, expected) => {
  expect(hasWholeChunk({ from, to }, 110, 40)).toBe(expected);
});

describe("a body is kept in chunks", () => {
  const ranges = ["accept-ranges", "bytes"] as const;
  test.each<[string, HeaderList, number, boolean, boolean]>([
    ["that is large, strongly tagged and to be had in parts", [...HEADERS, ranges], 101, false, true],
    ["of which a part has just come", HEADERS, 101, true, true],
    ["but not a smaller one", [...HEADERS, ranges], 100, true, false],
    ["but not of an origin that offers no ranges", HEADERS, 101, false, false],
    ["but not with a weak tag", [["etag", 'W/"1"'], ranges], 101, true, false],
    ["but not with a date alone", [["last-modified", "x"], ranges], 101, true, false],
  ])("%s", (_, headers, complete, inParts, expected) => {
    expect(isChunkable({ headers, complete, inParts }, CHUNKING)).toBe(expected);
  });
});

describe("a chunk belongs to a whole", () => {
  test("of the same representation, asked for as late and covered by all that is known of it", () => {
    expect(belongs(WHOLE, piece(), RANGE)).toBe(true);
    expect(belongs(WHOLE, piece({ asOf: { epoch: 7, seq: 9 } }), RANGE)).toBe(true);
  });

  test.each<[string, HeldAnswer]>([
    ["another resource", piece({ key: "other" })],
    ["another validator", piece({ headers: [["etag", '"2"']] })],
    ["a weak validator", piece({ headers: [["etag", 'W/"1"']] })],
    ["no validator", piece({ headers: [] })],
    ["another coding", piece({ headers: [...HEADERS, ["content-encoding", "br"]] })],
    ["another length", piece({ part: { ...PART, complete: 111 } })],
    ["other octets", piece({ part: { ...PART, from: 39 } })],
    ["fewer octets than it says", piece({ length: 39 })],
    ["a whole", piece({ part: { kind: "whole" } })],
    ["an older as-of", piece({ asOf: { epoch: 7, seq: 4 } })],
    ["an older epoch", piece({ asOf: { epoch: 6, seq: 9 } })],
    ["a newer epoch", piece({ asOf: { epoch: 8, seq: 9 } })],
    ["a selector that the whole lacks", piece({ selectors: ["s e", "s t new"] as Selector[] })],
    ["a greater age", piece({}, 8_000)],
  ])("never with %s", (_, chunk) => expect(belongs(WHOLE, chunk, RANGE)).toBe(false));
});

describe("a whole with one more chunk", () => {
  test("stays what it is where the chunk tells nothing new", () => {
    expect(withChunk(WHOLE, piece(), "new")).toBe(WHOLE);
  });

  test("takes on its selectors and its age, and what was verified of it before counts no more", () => {
    const verified = { ...WHOLE, verifiedTo: { epoch: 7, seq: 8 } };
    const chunk = piece({ selectors: ["s t new"] as Selector[], asOf: { epoch: 7, seq: 9 } }, 5_000);
    const whole = withChunk(verified, chunk, "new");
    expect(whole).toMatchObject({
      answer: { id: "new", selectors: ["s e", "s t new"], asOf: { epoch: 7, seq: 5 } },
      verifiedTo: { epoch: 7, seq: 5 },
      bornAt: 5_000,
      chunks: { size: 40, since: { epoch: 7, seq: 5 }, bornAt: 5_000 },
    });
    expect(whole !== null && belongs(whole, chunk, RANGE)).toBe(true);
  });

  test("is none where the chunk was asked for before it", () => {
    expect(withChunk(WHOLE, piece({ asOf: { epoch: 7, seq: 4 } }), "new")).toBeNull();
  });
});
