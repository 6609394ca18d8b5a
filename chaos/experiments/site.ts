// Experiments with a site: everything of it invalidated at once, and its origin down, slow or answering with errors.

import type { Bounds, Experiment, OriginState, Step } from "../experiment.ts";
import { QUICK } from "./bounds.ts";

/** Less than the working set asks for at once. */
const TIGHT = { rate: 15, burst: 15, share: { rate: 4, burst: 4 } };

const TIMES = [0, 0.2, 0.4, 0.6, 0.8];

export const MASS_INVALIDATE: Experiment = {
  name: "mass-invalidate",
  aim: "site",
  hypothesis: () =>
    `While everything is invalidated at once, again and again, the origin is asked for no more than its budget of ${TIGHT.rate} a second ` +
    "allows; clients for whom there is nothing yet are told to come again, and the working set is back soon.",
  // Each time less comes in than the working set takes: a build without the budget is over it within seconds.
  steps: TIMES.map((at) => ({
    at,
    async act(scene) {
      await scene.purgeAll();
      scene.note("everything of the site was invalidated");
    },
  })),
  effect: { kind: "purges", least: TIMES.length },
  bounds: {
    ...QUICK,
    forgives: "turned-away",
    forgivenShare: 0.4,
    recoveryMs: 20_000,
  },
  budget: TIGHT,
};

const SLOW_MS = 1500;

const set = (state: OriginState, text: string): Step => ({
  at: 0,
  async act(scene) {
    scene.origin.set(state);
    scene.note(text);
  },
});

/** What was never stored, what was purged and what is too old can't be had while the origin is not well. */
const WITHOUT_ORIGIN: Bounds = {
  ...QUICK,
  forgives: "no-answer",
  forgivenShare: 0.5,
  recoveryMs: 15_000,
};

export const ORIGIN_DOWN: Experiment = {
  name: "origin-down",
  aim: "site",
  hypothesis: () =>
    "While the origin refuses every connection, whatever may be served in its stead is; an error is seen only where " +
    "nothing is stored that may be.",
  steps: [set({ kind: "down" }, "the origin was taken down")],
  effect: { kind: "met-origin" },
  bounds: WITHOUT_ORIGIN,
};

export const ORIGIN_ERRORS: Experiment = {
  name: "origin-errors",
  aim: "site",
  hypothesis: () =>
    "While the origin answers everything with 503, whatever may be served in its stead is; an error is seen only where " +
    "nothing is stored that may be.",
  steps: [set({ kind: "erring" }, "the origin answers with 503")],
  effect: { kind: "met-origin" },
  bounds: WITHOUT_ORIGIN,
};

export const ORIGIN_SLOW: Experiment = {
  name: "origin-slow",
  aim: "site",
  hypothesis: () =>
    `While the origin takes ${SLOW_MS} ms for each answer, clients see no error, and those who wait are few.`,
  steps: [set({ kind: "slow", delayMs: SLOW_MS }, `the origin answers ${SLOW_MS} ms later`)],
  effect: { kind: "met-origin" },
  bounds: {
    ...QUICK,
    recoveryMs: 15_000,
    also: [{ kind: "waiting", longerThanMs: SLOW_MS / 2, mostShare: 0.3 }],
  },
};
