// What a marker says of a key is of its moment: where the database did not hear it, only the lease is given back later.

import { expect, test } from "vitest";
import type { LeaseMarker, MidTier } from "../../shared/ports/mid-tier.ts";
import { loneEdge } from "../support/lone-edge.ts";

test("a failing origin is told of at once, or not at all", async () => {
  const given: (LeaseMarker["kind"] | null)[] = [];
  const midTier: MidTier = {
    read: async () => ({ kind: "leased", granted: { shard: "one", copies: [], silent: [] } }),
    fill: async () => ({ kind: "unavailable", reason: "away" }),
    async release({ marker }) {
      given.push(marker?.kind ?? null);
      return given.length < 3 ? "unavailable" : "released";
    },
    renew: async () => "renewed",
    verified: async () => undefined,
  };
  const lone = loneEdge([], { midTier });
  await lone.beat();
  lone.origin = () => ({ kind: "answer", status: 500, headers: [], body: { kind: "none" } });
  expect((await lone.get("/a")).status).toBe(500);
  await lone.settled();
  expect(given).toEqual(["failing", null, null]);
});
