// A log that is silent is tried behind requests: none of them waits for its deadline once it is known to be silent.

import { expect, test } from "vitest";
import type { Millis } from "../../shared/core/units.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { Log } from "../../shared/ports/mid-tier.ts";
import { VIEW_LIMITS } from "../../shared/view/limits.ts";
import { loneEdge } from "../support/lone-edge.ts";

/** Timers that the test lets run out, those of up to so many milliseconds. */
function handTimers() {
  const set = new Set<{ span: number; action: () => void }>();
  const timers: Timers = {
    sleep: async () => undefined,
    after(span: Millis, action: () => void) {
      const timer = { span, action };
      set.add(timer);
      return () => set.delete(timer);
    },
  };
  return {
    timers,
    spans: () => [...set].map(({ span }) => span),
    runOut(upTo: number) {
      for (const timer of [...set].filter(({ span }) => span <= upTo)) {
        set.delete(timer);
        timer.action();
      }
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a request beyond its window waits a moment, and no deadline, for a log that did not answer last", async () => {
  const hand = handTimers();
  const hanging = Promise.withResolvers<never>();
  const state = { hangs: false };
  const base = loneEdge([{ key_pattern: "/*", class: "hot" }]);
  const { log } = base.edge;
  const slow: Log = {
    ...log,
    since: (...asked) => (state.hangs ? hanging.promise : log.since(...asked)),
    snapshot: (...asked) => (state.hangs ? hanging.promise : log.snapshot(...asked)),
  };
  const lone = loneEdge([{ key_pattern: "/*", class: "hot" }], { timers: hand.timers, log: slow });
  lone.origin = () => ({
    kind: "answer",
    status: 200,
    headers: [["cache-control", "max-age=600"]],
    body: { kind: "none" },
  });
  await lone.beat();
  expect((await lone.get("/a")).status).toBe(200);
  await lone.settled();
  // Beyond the window its first deadline is waited for, by all who ask meanwhile; then it is known to be silent.
  lone.now += 60_000;
  base.logAnswers = false;
  expect((await lone.get("/a")).status).toBe(200);
  await turn();
  state.hangs = true;
  lone.now += 1000;
  const before = lone.asked.length;
  const waiting = lone.get("/b");
  await turn();
  expect(lone.asked).toHaveLength(before);
  hand.runOut(VIEW_LIMITS.gossipAfter);
  expect((await waiting).status).toBe(200);
  expect(lone.asked).toHaveLength(before + 1);
  // Whoever comes when somebody has waited for that very question in vain does not do so again.
  lone.now += VIEW_LIMITS.gossipAfter + 1;
  expect((await lone.get("/c")).status).toBe(200);
  expect(lone.asked).toHaveLength(before + 2);
  // Later it is asked as if it were well.
  lone.now += 60_000;
  let served = false;
  const patient = lone.get("/a").then(() => {
    served = true;
  });
  await turn();
  hand.runOut(VIEW_LIMITS.gossipAfter);
  await turn();
  expect(served).toBe(false);
  hand.runOut(VIEW_LIMITS.pullGuard);
  await patient;
});
