// What is counted of looks in this data centre: each once, and as a hit where its answer came from there.

import { expect, test } from "vitest";
import type { EdgePorts } from "../../edge/edge.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { smallL2 } from "../support/small-l2.ts";

/** Beyond the window of `standard`. */
const LONG_AFTER = 40_000;

const answerOf = (status: number, cacheControl: string): OriginOutcome => {
  const headers: HeaderList = [
    ["cache-control", cacheControl],
    ["etag", '"1"'],
  ];
  const bytes = new Uint8Array(status === 200 ? 9 : 0);
  return { kind: "answer", status, headers, body: { kind: "bytes", bytes } };
};

async function edgeOf(cacheControl: string, ports: Partial<EdgePorts> = {}): Promise<LoneEdge> {
  const lone = loneEdge([{ id: "a", key_pattern: "/*", class: "standard" }], ports);
  lone.origin = () => answerOf(200, cacheControl);
  await lone.beat();
  return lone;
}

/** What it has fetched is there. */
async function filledEdge(cacheControl: string): Promise<LoneEdge> {
  const lone = await edgeOf(cacheControl);
  await lone.get("/a");
  await lone.settled();
  return lone;
}

const countersOf = ({ edge }: LoneEdge) => edge.counters.sites.get("default")?.get("standard");
const inMemory = (lone: LoneEdge) => countersOf(lone)?.tiers.l1Memory;

test("a hit in memory for which the log was asked first counts as one there", async () => {
  const lone = await filledEdge("max-age=600");
  expect(inMemory(lone)).toMatchObject({ hits: 0, misses: 1 });
  await lone.get("/a");
  lone.now += LONG_AFTER;
  await lone.get("/a");
  expect(lone.asked).toHaveLength(1);
  expect(countersOf(lone)?.requests.hit.l1Memory).toBe(2);
  expect(inMemory(lone)).toMatchObject({ hits: 2, misses: 1 });
});

test("so does a stale answer from there", async () => {
  const lone = await filledEdge("max-age=1, stale-while-revalidate=600");
  lone.now += 2000;
  await lone.get("/a");
  expect(countersOf(lone)?.requests.stale.l1Memory).toBe(1);
  expect(inMemory(lone)).toMatchObject({ hits: 1, misses: 1 });
});

test("what is held and has its origin asked about it is a miss", async () => {
  const lone = await filledEdge("max-age=1");
  lone.now += 2000;
  lone.origin = () => answerOf(304, "max-age=1");
  await lone.get("/a");
  expect(lone.asked.at(-1)?.headers).toContainEqual(["if-none-match", '"1"']);
  expect(inMemory(lone)).toMatchObject({ hits: 0, misses: 2 });
});

test("what has come and is still being stored is in memory for whoever asks meanwhile", async () => {
  const { promise: storing, resolve: store } = Promise.withResolvers<void>();
  const l2 = smallL2(() => 0);
  l2.fillTakes = () => storing;
  const lone = await edgeOf("max-age=600", { midTier: l2 });
  await lone.get("/a");
  await lone.get("/a");
  expect(lone.asked).toHaveLength(1);
  expect(countersOf(lone)?.requests.hit.l1Memory).toBe(1);
  expect(inMemory(lone)).toMatchObject({ hits: 1, misses: 1 });
  store();
  await lone.settled();
});
