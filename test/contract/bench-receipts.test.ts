// Receipts beside what an outside client got: a lie is found, and what could have been right is none.

import { describe, expect, test } from "vitest";
import type { Exchange } from "../../bench/outside/exchange.ts";
import {
  type EdgeReceipt,
  lies,
  type PurgeRecord,
  type Receipt,
  seenAfterMs,
  servedOldAfterMs,
} from "../../bench/receipts.ts";

/** Accepted at 1005, and applied by edge 0 within 40 ms of that. */
const purge: PurgeRecord = { id: "p", path: "/a", version: 2, sentAt: 1000, acknowledgedAt: 1060 };
const receipt = (differing: Partial<EdgeReceipt> = {}): Receipt => ({
  id: "p",
  acceptedAt: 1005,
  edges: [{ edge: 0, state: "applied", afterMs: 40, ...differing }],
});

const got = (version: number, sentAt: number, differing: Partial<Exchange> = {}): Exchange => ({
  edge: 0,
  path: "/a",
  scheduledAt: sentAt,
  sentAt,
  endedAt: sentAt + 10,
  refusedBy: null,
  outcome: {
    kind: "answered",
    status: 200,
    cacheStatus: "",
    age: null,
    octets: 1,
    stated: { path: "/a", version, ask: 1, askedAt: 0, seal: "" },
  },
  ...differing,
});

describe("a receipt lies", () => {
  const found = (exchange: Exchange, shown: Receipt = receipt()) =>
    lies({ purges: [purge], receipts: [shown], exchanges: [exchange] }).map(({ sinceMs }) => sinceMs);

  test("where its edge gave old content to a request sent after it had applied the purge", () => {
    expect(found(got(1, 1048))).toEqual([1]);
    expect(found(got(1, 9000))).toEqual([9000 - 1047]);
  });

  test.each<[string, Exchange, Receipt?]>([
    ["sent before, though answered after", got(1, 1047, { endedAt: 5000 })],
    ["the new version", got(2, 9000)],
    ["a later version", got(3, 9000)],
    ["another edge", got(1, 9000, { edge: 1 })],
    ["another path", got(1, 9000, { path: "/b" })],
    ["no answer", got(1, 9000, { outcome: { kind: "silent" } })],
    ["still pending", got(1, 9000), receipt({ state: "pending", afterMs: null })],
    ["fenced", got(1, 9000), receipt({ state: "fenced", afterMs: null })],
  ])("not so: %s", (_what, exchange, shown) => expect(found(exchange, shown)).toEqual([]));
});

test("an edge is seen with a purge when its first answer of the new version has come", () => {
  const seen = seenAfterMs([purge], [got(1, 1010), got(2, 1100), got(2, 1200), got(1, 1150, { edge: 1 })]);
  expect(seen).toEqual([110]);
});

test("an edge that was not asked for long shows nothing of when it changed", () => {
  expect(seenAfterMs([purge], [got(2, 1251)])).toEqual([]);
  expect(seenAfterMs([purge], [got(1, 1100), got(2, 1300)])).toEqual([310]);
});

test("old content counts from the acknowledgement on, by when its request was sent", () => {
  const exchanges = [got(1, 1050), got(1, 1075), got(2, 1080)];
  expect(servedOldAfterMs([purge], exchanges)).toEqual([15]);
});
