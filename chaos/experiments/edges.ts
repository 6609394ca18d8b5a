// Experiments with one edge: killed, and killed with all that it held.

import type { Experiment, Scene } from "../experiment.ts";
import { QUICK } from "./bounds.ts";

const place = ({ target }: Scene) => target as `edge-${number}`;

/** In a short fault it may not be back yet when it is to be killed again; the first time it has to be there. */
async function killed(scene: Scene, isFirst: boolean): Promise<void> {
  try {
    await scene.pull({ kind: "kill", place: place(scene) });
    scene.note(`${scene.target} was killed`);
  } catch (error) {
    if (isFirst) throw error;
    scene.note(`${scene.target} was not killed again: ${error instanceof Error ? error.message : error}`);
  }
}

export const KILL_EDGE: Experiment = {
  name: "kill-edge",
  aim: "edge",
  hypothesis: (_order, target) =>
    `While ${target} is killed again and again, clients are served by the others and see no error; it comes back ` +
    "with its disk, and serves nothing from it that was invalidated meanwhile.",
  // Each time its supervisor has it back after a second or two.
  steps: [0, 0.3, 0.6].map((at) => ({
    at,
    async act(scene) {
      await killed(scene, at === 0);
    },
  })),
  effect: { kind: "refusals" },
  bounds: QUICK,
};

export const EVICT_EDGE: Experiment = {
  name: "evict-edge",
  aim: "edge",
  hypothesis: (_order, target) =>
    `While ${target} is gone, and when it comes back with nothing in memory or on disk, clients see no error, and ` +
    "it fills from the mid-tier rather than from the origin.",
  steps: [
    {
      at: 0,
      async act(scene) {
        await scene.pull({ kind: "hold", place: place(scene) });
        await scene.pull({ kind: "drop-disk", place: place(scene) });
        scene.note(`${scene.target} was taken down, its disk dropped`);
      },
    },
    {
      at: 0.7,
      async act(scene) {
        await scene.pull({ kind: "release", place: place(scene) });
        scene.note(`${scene.target} was started again, empty`);
      },
    },
  ],
  effect: { kind: "refusals" },
  // What is due so late is answered by it only when it is back.
  bounds: { ...QUICK, also: [{ kind: "refill", after: 0.5, leastShare: 0.5 }] },
};
