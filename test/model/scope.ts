// What one configuration of the model enumerates, and how much of it.

import type { Fence } from "../../shared/core/rules.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import type { Age } from "./parts.ts";

export interface Scope {
  readonly edges: 1 | 2;
  /** Which purges may be appended, and how many at most. */
  readonly modes: readonly ("hard" | "soft")[];
  readonly purges: number;
  /** Some of the purges name a selector that cannot hit the key. */
  readonly others: boolean;
  readonly purgesAtOnce: boolean;
  /** Whether the log tells of an entry, and anybody acknowledges it, only once replicas have it. */
  readonly replicas: boolean;
  /** Δ, in ticks, and what happens beyond it. */
  readonly window: Age;
  /** Whether what was softly invalidated may be served stale, for as long as anything lasts. */
  readonly stale: boolean;
  readonly fence: "revalidate" | { readonly cap: Age } | "refuse";
  /** For how long a request may be under way. */
  readonly delay: Age;
  readonly log: LogScope;
  /** Of `edge/config.ts`. */
  readonly limits: Readonly<Record<"selectors" | "ahead" | "recent" | "gossipPage", number>>;
  /** Pulls of one edge at a time; 0 = a pull is one step, and nothing comes between. */
  readonly pulls: number;
  readonly pushes: boolean;
  readonly gossip: boolean;
  /** Whether requests and replies get lost. */
  readonly losses: boolean;
  /** Whether hits remember under which generation of the view they were judged. */
  readonly vouching: boolean;
  readonly memory: boolean;
  readonly blob: boolean;
  /** Whether answers below the floor are asked about. */
  readonly checks: boolean;
  /** Whether the tiers hold an answer to begin with. */
  readonly filled: boolean;
  readonly flights: number;
  readonly followers: boolean;
  /** Requests wait until the view is young: nothing fails, so one fetch is enough. */
  readonly calm: boolean;
  readonly leaseFor: Age;
  readonly crashes: number;
  /**
   * Redis loses all of the log, or fails over to a replica that lacks its end: any end, or none but what it has told
   * nobody. Where replicas are waited for, none that they have.
   */
  readonly outages: readonly ("flush" | "failover" | "failover, untold")[];
  readonly mostOutages: number;
}

export interface LogScope {
  readonly page: number;
  readonly entriesKept: number;
  readonly selectorsKept: number;
}

/** Δ, and the cap too where the fence serves stale. */
export const boundOf = ({ window, fence }: Scope): Age =>
  window + (typeof fence === "object" ? fence.cap : 0);

/** Milliseconds: far more than two hosts' clocks may differ over the age that one tells the other. */
export const TICK = 1000;

/** Ages beyond this are told apart by nothing. */
export const capOf = (scope: Scope): Age => boundOf(scope) + scope.delay + 1;

export const fenceOf = ({ fence }: Scope): Fence =>
  typeof fence === "object" ? { kind: "serve-stale", cap: millis(fence.cap * TICK) } : { kind: fence };

export const windowOf = ({ window }: Scope): Millis => millis(window * TICK);
