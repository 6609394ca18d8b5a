// The experiments that there are: what each breaks, and what it takes for a target.

import type { Experiment } from "../../shared/wire/chaos.ts";

export type TargetKind = "edge" | "shard";

export interface Described {
  /** What is done, as a sentence. */
  readonly does: string;
  /** Null takes none. */
  readonly target: TargetKind | null;
  /** One of these that is not for it: without what `control` holds nothing would be left to experiment with. */
  readonly spares?: string;
}

export const CATALOGUE: Readonly<Record<Experiment, Described>> = {
  "evict-edge": {
    does: "Takes an edge down, and brings it back with nothing in memory or on disk.",
    target: "edge",
  },
  "kill-edge": {
    does: "Kills an edge's processes, again and again; its supervisor brings it back.",
    target: "edge",
  },
  "kill-shard": { does: "Kills a shard's Redis, and starts it again afterwards.", target: "shard" },
  "pause-shard": {
    does: "Stops a shard's Redis in its tracks: it neither answers nor hangs up.",
    target: "shard",
  },
  "flush-shard": { does: "Empties a shard's Redis.", target: "shard", spares: "control" },
  "slow-tier": { does: "Delays every reply of a shard.", target: "shard" },
  "mass-invalidate": { does: "Invalidates everything of the experiment's own site at once.", target: null },
  partition: { does: "Cuts an edge off: from Redis, the control plane, its peers, or all.", target: "edge" },
  "replies-lost": {
    does: "Loses some of a shard's replies after it has done what was asked.",
    target: "shard",
  },
  "clock-jump": { does: "Sets an edge's clock a minute ahead, then a minute behind.", target: "edge" },
  "origin-down": { does: "Takes the experiment's own origin away.", target: null },
  "origin-slow": { does: "Makes the experiment's own origin slow.", target: null },
  "origin-errors": { does: "Makes the experiment's own origin answer with errors.", target: null },
};

/** What there is to be broken. */
export type Targets = Readonly<Record<TargetKind, readonly string[]>>;

export const targetsOf = (experiment: Experiment, targets: Targets): readonly string[] => {
  const { target, spares } = CATALOGUE[experiment];
  return target === null ? [] : targets[target].filter((one) => one !== spares);
};
