// What an edge tells of a request: looked at in every tier, and nothing is used, fetched or counted.

import { expect, test } from "vitest";
import { explain } from "../../edge/internal/explain.ts";
import type { EdgeRequest } from "../../edge/request.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { instant, millis, type Selector } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { MidTier } from "../../shared/ports/mid-tier.ts";
import { decodeExplainCall, encodeExplainCall, explainReplySchema } from "../../shared/wire/explain.ts";
import { FIELD_VALUE } from "../../shared/wire/warm-target.ts";
import { EPOCH, HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { memoryBlobs } from "../support/memory-blobs.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const POLICIES = [{ id: "a", key_pattern: "/a/*", class: "hot", ttl: "1m" }];

const about = (lone: LoneEdge, path: string, headers: HeaderList = []) => {
  const request: EdgeRequest = {
    ...{ method: "GET", url: `https://${HOST}${path}`, body: NO_BODY, purpose: "client" },
    header: (name) => headerValue(headers, name),
    headers: () => headers,
    arrivedAt: instant(lone.now),
    background: { keep: () => undefined },
  };
  return explain(lone.edge, request);
};

function edgeWithAnswer(midTier?: MidTier): LoneEdge {
  const lone = loneEdge(POLICIES, midTier === undefined ? {} : { midTier });
  lone.origin = () => ({
    ...{ kind: "answer", status: 200, headers: [["etag", '"1"']] },
    body: { kind: "bytes", bytes: new TextEncoder().encode("hello") as Uint8Array<ArrayBuffer> },
  });
  return lone;
}

test("a cold edge tells that nothing is served from any tier", async () => {
  const lone = edgeWithAnswer();
  lone.logAnswers = false;
  expect(await about(lone, "/a/1")).toMatchObject({ edge: "one", position: null, tiers: null });
});

test("an answer in memory is told with its age, its life, and what would be done with it", async () => {
  const lone = edgeWithAnswer();
  await lone.beat();
  await lone.get("/a/1");
  await lone.settled();
  lone.now += 2000;
  const told = await about(lone, "/a/1");
  expect(told).toMatchObject({
    class: "hot",
    policy: "a",
    fetches: `https://${HOST}/a/1`,
    position: `${EPOCH}-0`,
  });
  expect(told.tiers?.memory).toMatchObject({
    ...{ kind: "answer", status: 200, bytes: 5, ageMs: 2000, freshness: "fresh", coherence: "current" },
    ...{ step: "serve", part: "whole", vary: [] },
  });
  expect(told.tiers?.l2).toEqual({ kind: "unavailable", reason: "away" });
  expect(explainReplySchema.parse(JSON.parse(JSON.stringify(told)))).toEqual(told);
});

const countedOf = (lone: LoneEdge) =>
  [...lone.edge.counters.sites].map(([site, classes]) => [site, [...classes]]);

test("what was purged is told as hit, and nothing was fetched, counted or moved for it", async () => {
  const lone = edgeWithAnswer();
  await lone.beat();
  await lone.get("/a/1");
  await lone.settled();
  lone.append({ kind: "invalidate", mode: "hard", selectors: ["default e" as Selector] });
  const counters = JSON.stringify(countedOf(lone));
  lone.now += 10_000;
  const told = await about(lone, "/a/1");
  expect(told.tiers?.memory).toMatchObject({ coherence: "hard", step: "fetch" });
  expect(lone.asked).toHaveLength(1);
  expect(JSON.stringify(countedOf(lone))).toBe(counters);
});

test("what L2 holds is told with its shard, no right is taken, and no shard counts it", async () => {
  const lone = edgeWithAnswer();
  await lone.beat();
  const route = lone.edge.router.route({ url: `https://${HOST}/a/1`, header: () => null });
  if (route === null) throw new Error("no route");
  const leases: unknown[] = [];
  const asOf = { epoch: EPOCH, seq: 0 };
  const answer = storedAnswer({ id: "x", asOf, length: 5, key: route.key, selectors: route.selectors });
  const away = async () => ({ kind: "unavailable", reason: "away" }) as const;
  const midTier: MidTier = {
    async read({ lease, looking }) {
      leases.push([lease, looking]);
      const body = new Uint8Array(5);
      return { kind: "hit", found: { answer, body, verifiedTo: asOf, residence: millis(700), shard: "b" } };
    },
    ...{
      fill: away,
      release: async () => "unavailable",
      renew: async () => "unavailable",
      verified: async () => undefined,
    },
  };
  const told = await about(await beaten(edgeWithAnswer(midTier)), "/a/1");
  expect(told.tiers?.l2).toMatchObject({ kind: "answer", shard: "b", ageMs: 700, step: "serve" });
  expect(told.tiers?.memory).toEqual({ kind: "nothing" });
  expect(leases).toEqual([[null, true]]);
});

async function beaten(lone: LoneEdge): Promise<LoneEdge> {
  await lone.beat();
  return lone;
}

test("a header's value is read alike with characters beyond 16 bits as one, as JSON Schema does, and as two", () => {
  for (const pattern of [FIELD_VALUE, new RegExp(FIELD_VALUE.source, "u")]) {
    for (const value of ["", "a\tb", "\u00e9", "\u{1f600}", "~"]) expect(pattern.test(value)).toBe(true);
    for (const value of ["a\n", "\r", "\0", "\u001f", "\u007f"]) expect(pattern.test(value)).toBe(false);
  }
});

test("a call that can't be read is none", () => {
  const call = { url: "https://x.test/", headers: [["accept", "a"]] as const };
  expect(decodeExplainCall(encodeExplainCall(call))).toMatchObject(call);
  for (const text of [
    "",
    "{}",
    '{"v":2,"url":"x","headers":[]}',
    '{"v":1,"url":"x","headers":[["a b","c"]]}',
  ])
    expect(decodeExplainCall(text)).toBeNull();
});

test("of what varies the data centre's own variant is told, and nothing is learnt by that", async () => {
  const blobs = memoryBlobs();
  const [first, next] = [loneEdge([], { blobs }), loneEdge([], { blobs })];
  const headers: HeaderList = [["vary", "x-shop"]];
  first.origin = () => ({
    ...{ kind: "answer", status: 200, headers: [...headers, ["cache-control", "max-age=60"]] },
    body: { kind: "bytes", bytes: new TextEncoder().encode("hello") as Uint8Array<ArrayBuffer> },
  });
  for (const edge of [first, next]) await edge.beat();
  await first.get("/a", { headers: [["x-shop", "1"]] });
  await first.settled();
  const told = await Promise.all(["1", "2"].map((shop) => about(next, "/a", [["x-shop", shop]])));
  expect(told.map(({ tiers }) => tiers?.dataCentre.kind)).toEqual(["answer", "nothing"]);
  expect(next.edge.memory.bytesUsed).toBe(0);
});
