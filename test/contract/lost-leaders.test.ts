// Whoever waits for a flight whose leader's request is gone, and for whom nobody waits, ends all the same.

import { expect, test } from "vitest";
import { startFlight } from "../../edge/coalesce.ts";
import { renewAll } from "../../edge/refresh/renew.ts";
import { keyFor } from "../../edge/variant.ts";
import { millis } from "../../shared/core/units.ts";
import type { ReadOutcome } from "../../shared/ports/mid-tier.ts";
import { turns } from "../support/edges-together.ts";
import { HOST, loneEdge } from "../support/lone-edge.ts";

test("a renewal that has joined it has failed", async () => {
  const due: (() => void)[] = [];
  const after = (_span: number, action: () => void) => {
    due.push(action);
    return () => {};
  };
  const timers = { after, sleep: async () => undefined };
  const lone = loneEdge([{ key_pattern: "/*", class: "hot" }], { timers });
  await lone.beat();
  const { edge } = lone;
  const url = `https://${HOST}/a`;
  const request = { url, header: () => null };
  const route = edge.router.route(request);
  if (route === null) throw new Error("no site");
  const began = {
    asOf: edge.view.asOf(),
    startedAt: edge.clock.now(),
    close: () => {},
    bringsWhole: () => true,
  };
  const { flight } = startFlight(began, () => Promise.withResolvers<void>().promise);
  edge.flights.set(keyFor(edge, { route, request: request as never }), flight);
  const message = { targets: [{ url, headers: [] }], leastMs: millis(1000), concurrency: 1 };
  let results: unknown = null;
  void renewAll(edge, { keep: () => {} }, message).then((renewed) => {
    results = renewed;
  });
  await turns();
  expect([results, lone.asked.length]).toEqual([null, 0]);
  for (const fire of due.splice(0)) fire();
  await turns();
  expect(results).toEqual([{ result: "failed", renewal: null }]);
});

test.each([
  ["a GET", {}],
  ["a HEAD", { method: "HEAD" }],
  ["a range", { headers: [["range", "bytes=0-1"]] }],
  ["several ranges", { headers: [["range", "bytes=0-1,3-4"]] }],
  ["what must be cached", { headers: [["cache-control", "only-if-cached"]] }],
] as const)(
  "%s reads the mid-tier in a task that outlives its client: others may be in the same call",
  async (_, asked) => {
    const answered = Promise.withResolvers<ReadOutcome>();
    let reads = 0;
    const away = async () => ({ kind: "unavailable", reason: "away" }) as const;
    const midTier = {
      async read() {
        reads += 1;
        return answered.promise;
      },
      ...{
        fill: away,
        release: async () => "unavailable" as const,
        renew: async () => "unavailable" as const,
      },
      verified: async () => undefined,
    };
    const lone = loneEdge([{ key_pattern: "/*", class: "hot" }], { midTier });
    await lone.beat();
    await lone.settled();
    const reply = lone.get("/a", asked);
    let isSettled = false;
    await turns();
    void lone.settled().then(() => {
      isSettled = true;
    });
    await turns();
    expect([reads, isSettled]).toEqual([1, false]);
    answered.resolve({ kind: "unavailable", reason: "away", at: [] });
    await reply;
    await lone.settled();
  },
);
