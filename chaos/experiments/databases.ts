// Experiments with one database of the mid-tier: dead, hung, emptied, slow, or heard of only now and then.

import type { LinkState } from "../../dev/faults/link-state.ts";
import type { Place } from "../../dev/network.ts";
import type { Effect, Experiment, Scene, Whom } from "../experiment.ts";
import type { Looked, Seen } from "../look.ts";
import { BY_SHARES, QUICK } from "./bounds.ts";

const place = ({ target }: Scene) => target as "control" | `shard-${number}`;

/** The database `control` is called so by those who invalidate, and `mid-tier` by whoever connects to it. */
const linked = ({ target }: Whom): Place => (target === "control" ? "mid-tier" : (target as Place));

const askers = ({ edges }: Whom) => ["control-plane", ...edges] as Place[];

async function setLinks(scene: Scene, state: LinkState): Promise<void> {
  for (const from of askers(scene)) await scene.pull({ kind: "link", from, to: linked(scene), state });
}

const atIt = ({ target }: Whom): Looked[] => [{ kind: "database", place: target }];
const onItsWays = (whom: Whom): Looked[] =>
  askers(whom).map((from) => ({ kind: "way", from, to: linked(whom) }));

const isUnanswered = ({ kind }: Seen): boolean => kind === "unanswered";

const GONE: Effect = {
  ...{ kind: "looks", at: atIt, shows: isUnanswered, leastShare: 0.5 },
  text: "of looks at it past all proxies: not answered",
};

const isControl = (target: string): boolean => target === "control";

export const KILL_SHARD: Experiment = {
  name: "kill-shard",
  aim: "database",
  hypothesis: (_order, target) =>
    isControl(target)
      ? "While control is dead, edges serve what they hold for as long as each class's window, then ask the origin " +
        "within their own shares; no purge is acknowledged that is not in the log afterwards."
      : `While ${target} is dead, the next shard answers for its keys: no client sees an error, and purges go on.`,
  steps: [
    {
      at: 0,
      async act(scene) {
        await scene.pull({ kind: "hold", place: place(scene) });
        scene.note(`${scene.target} was killed`);
      },
    },
  ],
  effect: GONE,
  bounds: BY_SHARES,
};

export const PAUSE_SHARD: Experiment = {
  name: "pause-shard",
  aim: "database",
  hypothesis: (_order, target) =>
    `While ${target} neither answers nor hangs up, requests end by their deadlines, none in an error, and what it ` +
    "says when it goes on is not taken for news.",
  steps: [
    {
      at: 0,
      async act(scene) {
        await scene.pull({ kind: "pause", place: place(scene) });
        scene.note(`${scene.target} was stopped in its tracks`);
      },
    },
  ],
  effect: GONE,
  bounds: BY_SHARES,
};

export const FLUSH_SHARD: Experiment = {
  name: "flush-shard",
  aim: "shard",
  hypothesis: (_order, target) =>
    `When ${target} forgets everything, what it held is fetched again within the origin's budget, and clients see ` +
    "no error.",
  steps: [
    {
      at: 0,
      async act(scene) {
        await scene.pull({ kind: "flush", place: place(scene) });
        scene.note(`${scene.target} was emptied`);
      },
    },
  ],
  effect: { kind: "emptied", at: atIt, leastShare: 0.5 },
  bounds: QUICK,
};

const SLOW_MS = 400;

export const SLOW_TIER: Experiment = {
  name: "slow-tier",
  aim: "database",
  hypothesis: (_order, target) =>
    `While ${target} takes ${SLOW_MS} ms longer to answer, clients wait and see no error, and what is in memory is ` +
    "served as quickly as ever.",
  steps: [
    {
      at: 0,
      async act(scene) {
        await setLinks(scene, { kind: "delay", requestsMs: SLOW_MS / 2, repliesMs: SLOW_MS / 2 });
        scene.note(`${scene.target} answers ${SLOW_MS} ms later`);
      },
    },
  ],
  effect: {
    ...{ kind: "looks", at: onItsWays, leastShare: 0.9 },
    shows: (seen) => isUnanswered(seen) || (seen.kind === "answered" && seen.tookMs >= SLOW_MS),
    text: `of looks over the ways to it: answered after ${SLOW_MS} ms or more`,
  },
  // What waited for one reply took twice as long.
  bounds: { ...BY_SHARES, also: [{ kind: "held-latency", mostMs: SLOW_MS / 2 }] },
};

const LOST_SHARE = 0.3;

export const REPLIES_LOST: Experiment = {
  name: "replies-lost",
  aim: "database",
  hypothesis: (_order, target) =>
    `While ${target} does what it is told and ${LOST_SHARE * 100} % of its replies are lost, whoever tries again ` +
    "does nothing twice: each acknowledged purge is in the log once, and no client sees an error.",
  steps: [
    {
      at: 0,
      async act(scene) {
        const { seed } = scene.order;
        const which = { kind: "some", probability: LOST_SHARE, seed } as const;
        await setLinks(scene, { kind: "replies-lost", which });
        scene.note(`${LOST_SHARE * 100} % of the replies of ${scene.target} are lost`);
      },
    },
  ],
  // A third of what is to be seen: a short fault has few looks.
  effect: {
    ...{ kind: "looks", at: onItsWays, shows: isUnanswered, leastShare: LOST_SHARE / 3 },
    text: "of looks over the ways to it: not answered",
  },
  bounds: BY_SHARES,
};
