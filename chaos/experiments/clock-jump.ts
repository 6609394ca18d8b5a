// An edge's wall clock jumps forwards, then back past the truth, and is set right in the end.

import type { Experiment, Scene } from "../experiment.ts";
import { QUICK } from "./bounds.ts";

/** Beyond what a signature may be old: for so long nobody's word reaches the edge, and none of its own counts. */
const JUMP_MS = 60_000;

const jump = (at: number, ms: number) => ({
  at,
  async act(scene: Scene): Promise<void> {
    await scene.pull({ kind: "shift-clock", place: scene.target as `edge-${number}`, ms });
    scene.note(`the clock of ${scene.target} is ${Math.abs(ms) / 1000} s ${ms > 0 ? "fast" : "slow"}`);
  },
});

export const CLOCK_JUMP: Experiment = {
  name: "clock-jump",
  aim: "edge",
  hypothesis: (_order, target) =>
    `When the clock of ${target} jumps a minute ahead and then a minute behind, nothing is served beyond its life or ` +
    "beyond the bound on staleness, and clients see no error.",
  steps: [jump(0, JUMP_MS), jump(0.5, -JUMP_MS)],
  // A signature of this minute is none of his.
  effect: {
    ...{ kind: "looks", leastShare: 0.9, at: ({ target }) => [{ kind: "clock", place: target }] },
    shows: (seen) => seen.kind === "answered" && seen.status !== 200,
    text: "of questions how it is: not taken, for the date of their signature",
  },
  bounds: QUICK,
};
