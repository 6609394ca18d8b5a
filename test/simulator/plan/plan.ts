// What a seed makes of a world, all of it up front: resources and policies, what people do, and what goes wrong.

import type { Chance } from "../chance.ts";
import { drawFaults, type Profile } from "./draw-faults.ts";
import type { Fault } from "./faults.ts";
import { type PolicyPlan, policiesOf, type Resource, resourcesOf } from "./resources.ts";
import { drawWork, type Work } from "./work.ts";

export interface Plan {
  readonly profile: Profile;
  readonly edges: readonly string[];
  /** The databases that hold answers beside `control`. */
  readonly shards: readonly string[];
  /** Milliseconds of traffic; then everything heals and what is under way ends. */
  readonly duration: number;
  readonly policies: readonly PolicyPlan[];
  /** The most asked for first. */
  readonly resources: readonly Resource[];
  /** Whether the control plane beats: edges without traffic then learn the log, and receipts are followed. */
  readonly beats: boolean;
  readonly pushes: boolean;
  /** Whether the edges are isolates of one data centre, which leave each other what they pull. */
  readonly sharesView: boolean;
  readonly work: readonly Work[];
  readonly faults: readonly Fault[];
  /** What the origin may be asked for; null = as much as anybody likes. */
  readonly budget: BudgetPlan | null;
}

/** Tokens a second, and so many at once: for all edges, and for one isolate while Redis is away. */
export interface BudgetPlan {
  readonly rate: number;
  readonly burst: number;
  readonly share: { readonly rate: number; readonly burst: number };
}

function budgetOf(chance: Chance): BudgetPlan | null {
  const rate = chance.pick([6, 15, 40]);
  const burst = chance.between(2, 12);
  const share = { rate: chance.pick([1.5, 5]), burst: chance.between(1, 4) };
  return chance.hit(0.5) ? { rate, burst, share } : null;
}

/** Milliseconds: longer than any window, and than a purge that failed is tried again. */
export const CONVERGED = 4000;

export function planOf(chance: Chance): Plan {
  const roll = chance.unit();
  const profile = roll < 0.2 ? "quiet" : roll < 0.45 ? "lossy" : "harsh";
  const policies = policiesOf(chance.fork("policies"));
  const resources = resourcesOf(chance.fork("resources"), policies);
  const edges = Array.from({ length: chance.between(2, 3) }, (_, index) => `edge${index}`);
  const shards = chance.fork("shards").hit(0.12) ? ["shard-2", "shard-3"] : [];
  const duration = 6000;
  const harsh = profile === "harsh";
  const invalidation = harsh ? chance.pick([480, 480, 220]) : 480;
  const retag = harsh && chance.hit(0.3) ? 4000 : null;
  // One fetch is judged where it is quiet, by resources, and keys by two recipes are two.
  const reorder = profile !== "quiet" && chance.fork("reorder").hit(0.3) ? 1500 : null;
  const writing = profile !== "quiet" && chance.fork("writing").hit(0.25) ? 700 : null;
  const every = { invalidation, retag, reorder, writing };
  return {
    profile,
    edges,
    shards,
    duration,
    policies,
    resources,
    beats: chance.hit(0.45) || shards.length > 0,
    pushes: chance.hit(0.8),
    sharesView: chance.fork("shared view").hit(0.4),
    work: drawWork(chance.fork("work"), { edges, resources, duration, every }),
    faults: drawFaults(chance.fork("faults"), { profile, edges, shards, duration }),
    // What is one fetch is judged where it is quiet, and nothing is turned away there.
    budget: profile === "quiet" ? null : budgetOf(chance.fork("budget")),
  };
}
