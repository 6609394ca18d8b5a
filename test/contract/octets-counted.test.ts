// What is counted of bodies that no length announces: the same on the origin's side and the clients'.

import { expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { ByteSource } from "../../shared/ports/body.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";

/** As a transfer in chunks arrives. */
function chunked(pieces: readonly number[], headers: HeaderList, status = 200): OriginOutcome {
  const left = pieces.map((size) => new Uint8Array(size));
  const source: ByteSource = {
    length: null,
    read: async () => left.shift() ?? null,
    cancel: () => left.splice(0),
  };
  return { kind: "answer", status, headers, body: { kind: "source", source } };
}

const FRESH: HeaderList = [["cache-control", "max-age=60"]];
const PARTIAL: HeaderList = [...FRESH, ["content-range", "bytes 0-99/1000"], ["etag", '"1"']];

async function told(given: OriginOutcome, use: (lone: LoneEdge) => Promise<unknown>) {
  const lone = loneEdge([{ id: "a", key_pattern: "/*", class: "standard" }]);
  lone.origin = () => given;
  await lone.beat();
  await use(lone);
  await lone.settled();
  const counters = lone.edge.counters.sites.get("default")?.get("standard");
  return { served: counters?.bytesServed, origin: counters?.bytesFromOrigin };
}

test("a miss that is stored counts on both sides, and its hits on one", async () => {
  const twice = async (lone: LoneEdge) => {
    await lone.get("/a");
    await lone.settled();
    await lone.get("/a");
    expect(lone.asked).toHaveLength(1);
  };
  expect(await told(chunked([300, 700], FRESH), twice)).toEqual({ served: 2000, origin: 1000 });
});

test("so does one that turns out too large to be shared", async () => {
  const pieces = [LIMITS.sharedBody, 1, 5];
  const octets = LIMITS.sharedBody + 6;
  expect(await told(chunked(pieces, FRESH), (lone) => lone.get("/a"))).toEqual({
    served: octets,
    origin: octets,
  });
});

test("and a part", async () => {
  const range = (lone: LoneEdge) => lone.get("/a", { headers: [["range", "bytes=0-99"]] });
  expect(await told(chunked([60, 40], PARTIAL, 206), range)).toEqual({ served: 100, origin: 100 });
});

test("a warm-up is served to nobody", async () => {
  const warm = (lone: LoneEdge) => lone.get("/a", { purpose: "warm-up" });
  expect(await told(chunked([10], FRESH), warm)).toEqual({ served: 0, origin: 10 });
});

test("so is a refresh behind somebody who was served what is stale", async () => {
  const lone = loneEdge([{ id: "a", key_pattern: "/*", class: "standard" }]);
  lone.origin = () => chunked([10], [["cache-control", "max-age=1, stale-while-revalidate=60"]]);
  await lone.beat();
  await lone.get("/a");
  await lone.settled();
  lone.now += 2000;
  await lone.get("/a");
  await lone.settled();
  expect(lone.asked).toHaveLength(2);
  const counters = lone.edge.counters.sites.get("default")?.get("standard");
  expect([counters?.bytesServed, counters?.bytesFromOrigin]).toEqual([20, 20]);
});

test("what is passed on unread is on neither side", async () => {
  const passed = chunked([10], [["cache-control", "no-store"]]);
  expect(await told(passed, (lone) => lone.get("/a"))).toEqual({ served: 0, origin: 0 });
  expect(await told(passed, (lone) => lone.get("/a", { method: "POST" }))).toEqual({ served: 0, origin: 0 });
});
