// Experiments with the network: a minority of the edges is kept apart from Redis, the control plane, the others or all of them.

import type { LinkState } from "../../dev/faults/link-state.ts";
import type { Place, Way } from "../../dev/network.ts";
import type { ChaosOrder } from "../../shared/wire/chaos.ts";
import type { Experiment, Whom } from "../experiment.ts";
import { QUICK } from "./bounds.ts";

const FROM = {
  redis: "Redis",
  "control-plane": "the control plane",
  edges: "the other edges",
  all: "Redis, the control plane and the other edges",
} as const;

const ARRIVES = {
  none: "",
  requests: ", but for what they send to those they connect to",
  replies: ", but for what they are answered",
} as const;

const fromOf = ({ from = "all" }: ChaosOrder) => from;
const arrivesOf = ({ arrives = "none" }: ChaosOrder) => arrives;

export const PARTITION: Experiment = {
  name: "partition",
  aim: "edge",
  hypothesis: (order, target) =>
    `While ${target} is cut off from ${FROM[fromOf(order)]}${ARRIVES[arrivesOf(order)]}, it serves nothing that was ` +
    "invalidated longer ago than its class's window, its clients see no error, and it catches up when it can.",
  steps: [
    {
      at: 0,
      async act(scene) {
        const state = stateOf(scene.order);
        for (const { from, to } of waysBetween(scene)) await scene.pull({ kind: "link", from, to, state });
        scene.note(`${scene.target} was cut off from ${FROM[fromOf(scene.order)]}`);
      },
    },
  ],
  effect: {
    ...{ kind: "looks", leastShare: 0.9 },
    at: (whom) => waysBetween(whom).map((way) => ({ kind: "way", ...way })),
    shows: ({ kind }) => kind === "unanswered",
    text: "of looks over the ways that were to be cut: not answered",
  },
  // The bucket is in Redis: cut off from anybody else, an edge takes from it as ever.
  bounds: { ...QUICK, spendsShares: (order) => ["redis", "all"].includes(fromOf(order)) },
};

/** Nothing is refused: what a broken network does is to swallow. */
function stateOf(order: ChaosOrder): LinkState {
  const arrives = arrivesOf(order);
  return arrives === "none" ? { kind: "black-hole" } : { kind: "one-way", arrives };
}

function waysBetween({ order, target, edges, databases }: Whom): Way[] {
  const edge = target as Place;
  const from = fromOf(order);
  const includes = (far: typeof from): boolean => from === far || from === "all";
  const others = edges.filter((other) => other !== target) as Place[];
  return [
    ...(includes("redis")
      ? databases.map((name) => ({ from: edge, to: (name === "control" ? "mid-tier" : name) as Place }))
      : []),
    ...(includes("control-plane") ? [{ from: "control-plane", to: edge } as const] : []),
    ...(includes("edges")
      ? others.flatMap((other) => [
          { from: edge, to: other },
          { from: other, to: edge },
        ])
      : []),
  ];
}
