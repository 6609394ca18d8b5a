// What an experiment is: whom it breaks and how, and what is expected to hold meanwhile and afterwards.

import type { Breakable, Lever } from "../dev/chaos/lever.ts";
import type { ChaosOrder, Experiment as Name } from "../shared/wire/chaos.ts";
import type { Looked, Seen } from "./look.ts";

export interface Experiment {
  readonly name: Name;
  /** `site`: the experiment's own site and its origin, and nothing of the cluster. */
  readonly aim: "edge" | "shard" | "database" | "site";
  /** As a sentence; its bounds stand in `bounds`. */
  readonly hypothesis: (order: ChaosOrder, target: string) => string;
  readonly steps: readonly Step[];
  /** What shows from outside that it is broken: where that doesn't, nothing that held means anything. */
  readonly effect: Effect;
  readonly bounds: Bounds;
  /** What the origin of its site takes; the usual where left out. */
  readonly budget?: OriginBudget;
}

export interface Step {
  /** When, as a share of the time that the fault lasts: 0 at its beginning. */
  readonly at: number;
  readonly act: (scene: Scene) => Promise<void>;
}

/** What is broken, and what there is around it. */
export interface Whom {
  readonly order: ChaosOrder;
  /** A place of the cluster; of the aim `site` its name. */
  readonly target: string;
  readonly edges: readonly Breakable[];
  readonly databases: readonly Breakable[];
}

export interface Scene extends Whom {
  /** Rejects where it was not done. */
  pull(lever: Lever): Promise<void>;
  readonly origin: OriginSwitch;
  /** Everything that the site has stored. */
  purgeAll(): Promise<void>;
  /** What was done, for the report. */
  note(text: string): void;
}

export interface OriginSwitch {
  set(state: OriginState): void;
}

export type OriginState =
  | { readonly kind: "up" }
  /** Connections are reset. */
  | { readonly kind: "down" }
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Every answer is a 503. */
  | { readonly kind: "erring" };

export type Effect =
  /** Requests that the target refused, or broke off before any of their answers. */
  | { readonly kind: "refusals" }
  /** Requests that reached the site's origin while it was not well. */
  | { readonly kind: "met-origin" }
  /** Purges of everything that were acknowledged: so many at least. */
  | { readonly kind: "purges"; readonly least: number }
  /** Of the keys that the target had, so large a share at least is gone. */
  | {
      readonly kind: "emptied";
      readonly at: (whom: Whom) => readonly Looked[];
      readonly leastShare: number;
    }
  /** Looks from outside, again and again while the fault lasts: so large a share of them at least shows it. */
  | {
      readonly kind: "looks";
      readonly at: (whom: Whom) => readonly Looked[];
      readonly shows: (seen: Seen) => boolean;
      readonly leastShare: number;
      /** How what shows it reads. */
      readonly text: string;
    };

export interface OriginBudget {
  readonly rate: number;
  readonly burst: number;
  /** Of one edge while the buckets can't be reached. */
  readonly share: { readonly rate: number; readonly burst: number };
}

export interface Bounds {
  /** Requests that were not answered well, those left out that `forgives` names. */
  readonly clientErrors: number;
  /**
   * `no-answer`: the origin was not well, and nothing that may be served was stored. `turned-away`: 503 by the origin's
   * budget.
   */
  readonly forgives?: "no-answer" | "turned-away";
  /** Of all requests from the fault on, the share that may be forgiven; needed with `forgives`. */
  readonly forgivenShare?: number;
  /** From the healing on until hits are nine tenths of what they were. */
  readonly recoveryMs: number;
  /** From the healing on until every edge has every invalidation. */
  readonly convergenceMs: number;
  /** Whether edges spend their own shares beside the common bucket: where it can't be reached, and nowhere else. */
  readonly spendsShares: (order: ChaosOrder) => boolean;
  /** What one experiment alone claims beside all that. */
  readonly also?: readonly Also[];
}

export type Also =
  /** While the fault lasts, what is had from an edge's own memory or disk comes as quickly as ever: p90 of those hits. */
  | { readonly kind: "held-latency"; readonly mostMs: number }
  /** While the fault lasts, no more than this share of all requests takes longer than that. */
  | { readonly kind: "waiting"; readonly longerThanMs: number; readonly mostShare: number }
  /**
   * Of what the target is asked for the first time after this share of the fault, and has not itself, at least so much
   * comes from the mid-tier.
   */
  | { readonly kind: "refill"; readonly after: number; readonly leastShare: number };

export const isDatabase = (place: string): place is Breakable =>
  place === "control" || place.startsWith("shard-");
