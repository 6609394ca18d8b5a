// An edge that begins anew: what its earlier life has acknowledged holds of the next one too, whoever it asks.

import { beforeEach, expect, test } from "vitest";
import { millis, type Selector } from "../../shared/core/units.ts";
import type { BlobOutcome, BlobStore } from "../../shared/ports/blob-store.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import type { CallEdge } from "../../shared/wire/call-edge.ts";
import { decodeQuestion, encodeTold } from "../../shared/wire/gossip.ts";
import { EPOCH, HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const PURGE = { kind: "invalidate", mode: "hard", selectors: [`default u ${HOST}/a` as Selector] } as const;
const PEERS = [{ id: "two", url: "http://two.test" }];

/** The data centre's cache outlives the isolate. */
function keptBlobs(): BlobStore {
  const kept = new Map<string, BlobOutcome & { readonly kind: "hit" }>();
  return {
    match: async (key) => kept.get(key) ?? { kind: "absent" },
    matchRange: async () => ({ kind: "absent" }),
    restate: async () => ({ kind: "absent" }),
    async put(key, blob) {
      kept.set(key, { kind: "hit", blob, residence: millis(0) });
      return { kind: "stored" };
    },
    delete: async (key) => void kept.delete(key),
  };
}

/** As its own way to its peer has it. */
const asking =
  (peer: LoneEdge): CallEdge =>
  async (_edge, { body }) => {
    const question = decodeQuestion(body ?? "");
    if (question === null) throw new Error("no question");
    const told = await peer.edge.view.tell(question, UNKEPT);
    return { kind: "answer", text: JSON.stringify(encodeTold(told)) };
  };

const answer = (text: string): OriginOutcome => ({
  kind: "answer",
  status: 200,
  headers: [["cache-control", "max-age=600"]],
  body: { kind: "bytes", bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> },
});

const POLICIES = [{ key_pattern: "/*", class: "standard" }];
let blobs: BlobStore;
let two: LoneEdge;

/** One life has stored two answers and acknowledged the purge of one of them; its peer has not heard of that yet. */
beforeEach(async () => {
  blobs = keptBlobs();
  two = loneEdge(POLICIES);
  await two.beat();
  const first = loneEdge(POLICIES, { blobs });
  first.origin = () => answer("old");
  await first.beat();
  for (const path of ["/a", "/b"]) await first.get(path);
  await first.settled();
  for (const log of [first, two]) log.append(PURGE);
  expect(await first.beat()).toMatchObject({ position: `${EPOCH}-1` });
  two.now += 100;
});

/** The next life, which can reach its peer and not the log. */
async function begun(): Promise<LoneEdge> {
  const next = loneEdge(POLICIES, { blobs, callPeer: asking(two) });
  next.logAnswers = false;
  next.origin = () => answer("new");
  next.now += 50;
  await next.beat({ peers: PEERS });
  return next;
}

async function fetched(edge: LoneEdge, path: string): Promise<boolean> {
  const before = edge.asked.length;
  await edge.get(path);
  await edge.settled();
  return edge.asked.length > before;
}

test("a peer that can reach the log looks there before it tells a life that has just begun", async () => {
  const next = await begun();
  expect(await fetched(next, "/a")).toBe(true);
  expect(await fetched(next, "/b")).toBe(false);
});

test("what a peer knew before it began is not enough to serve by, however small its age", async () => {
  two.logAnswers = false;
  const next = await begun();
  expect(next.edge.view.position()).toEqual({ epoch: EPOCH, seq: 0 });
  expect(await fetched(next, "/a")).toBe(true);
});

test("and it serves again once its peer has heard of the log since", async () => {
  two.logAnswers = false;
  const next = await begun();
  two.logAnswers = true;
  await two.beat();
  next.now += 200;
  await next.beat({ peers: PEERS });
  expect(await fetched(next, "/b")).toBe(false);
  expect(await fetched(next, "/a")).toBe(true);
});
