// What a seed makes of a world: its resources, their policies, and how much goes wrong.

import type { Chance } from "./chance.ts";
import { type LinkFaults, PERFECT } from "./network.ts";

export interface Resource {
  /** Path and query. */
  readonly path: string;
  readonly varies: boolean;
  readonly sharing: "always" | "sometimes";
  readonly validators: "exact" | "careless" | "none";
  readonly tags: readonly string[];
  /** Has one more tag, which changes with every version. */
  readonly movingTag: boolean;
  /** Sends `Date`. */
  readonly dated: boolean;
  /** Seconds. */
  readonly maxAge: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly governedBy: PolicyPlan;
}

export interface PolicyPlan {
  readonly id: string;
  readonly pattern: string;
  readonly class: "hot" | "standard" | "session";
  /** Milliseconds. */
  readonly window: number;
  readonly fence: "revalidate" | "serve-stale" | "refuse";
}

export interface OriginFaults {
  readonly refused: number;
  readonly serverError: number;
  readonly broken: number;
  readonly slow: number;
}

export interface Plan {
  readonly profile: "quiet" | "lossy" | "harsh";
  readonly edges: number;
  /** Milliseconds of traffic; then everything heals and what is under way ends. */
  readonly duration: number;
  readonly policies: readonly PolicyPlan[];
  /** The most asked for first. */
  readonly resources: readonly Resource[];
  readonly links: LinkFaults;
  readonly origin: OriginFaults;
  readonly pushLost: number;
  /** Mean distances in milliseconds; null = never. */
  readonly every: {
    readonly request: number;
    readonly burst: number;
    readonly invalidation: number;
    readonly tick: number | null;
    readonly cut: number | null;
    readonly controlCut: number | null;
    readonly originDown: number | null;
    readonly crash: number | null;
    readonly recycle: number | null;
    readonly damage: number | null;
    readonly logLoss: number | null;
    readonly clockStep: number | null;
    readonly policyTag: number | null;
  };
}

/** Milliseconds: longer than any window, and than a purge that failed is tried again. */
export const CONVERGED = 4000;

const QUIET: Plan["every"] = {
  request: 28,
  burst: 2500,
  invalidation: 420,
  tick: 1000,
  cut: null,
  controlCut: null,
  originDown: null,
  crash: null,
  recycle: null,
  damage: null,
  logLoss: null,
  clockStep: null,
  policyTag: null,
};

export function planOf(chance: Chance): Plan {
  const roll = chance.unit();
  const profile = roll < 0.12 ? "quiet" : roll < 0.4 ? "lossy" : "harsh";
  const policies = policiesOf(chance);
  return {
    profile,
    edges: chance.between(2, 3),
    duration: 10_000,
    policies,
    resources: resourcesOf(chance, policies),
    ...faultsOf(chance, profile),
  };
}

function faultsOf(
  chance: Chance,
  profile: Plan["profile"],
): Pick<Plan, "links" | "origin" | "pushLost" | "every"> {
  const tick = chance.hit(0.4) ? 1000 : null;
  switch (profile) {
    case "quiet":
      return {
        links: PERFECT,
        origin: { refused: 0, serverError: 0, broken: 0, slow: 0.05 },
        pushLost: 0.2,
        every: { ...QUIET, tick },
      };
    case "lossy":
      return {
        links: { lostRequests: 0.03, lostReplies: 0.03, slow: 0.15, slowest: 350 },
        origin: { refused: 0.02, serverError: 0.03, broken: 0.03, slow: 0.2 },
        pushLost: 0.3,
        every: { ...QUIET, tick },
      };
    case "harsh":
      return {
        links: { lostRequests: 0.06, lostReplies: 0.06, slow: 0.3, slowest: 700 },
        origin: { refused: 0.04, serverError: 0.05, broken: 0.05, slow: 0.3 },
        pushLost: 0.4,
        every: {
          ...QUIET,
          tick,
          invalidation: chance.pick([420, 420, 150]),
          cut: 2500,
          controlCut: 9000,
          originDown: 6000,
          crash: 4000,
          recycle: 6000,
          damage: 2500,
          logLoss: chance.hit(0.25) ? 5000 : null,
          clockStep: chance.hit(0.2) ? 3000 : null,
          policyTag: chance.hit(0.3) ? 4000 : null,
        },
      };
  }
}

function policiesOf(chance: Chance): PolicyPlan[] {
  const window = (): number => chance.pick([200, 400, 800, 1500]);
  const row = (id: string, more: Omit<PolicyPlan, "id" | "pattern">): PolicyPlan => ({
    id,
    pattern: `/${id}/*`,
    ...more,
  });
  return [
    row("hot", { class: "hot", window: window(), fence: "revalidate" }),
    row("standard", { class: "standard", window: window(), fence: "revalidate" }),
    row("zero", { class: "hot", window: 0, fence: "revalidate" }),
    row("session", { class: "session", window: 0, fence: "revalidate" }),
    row("fenced", { class: "hot", window: window(), fence: "serve-stale" }),
    row("refused", { class: "standard", window: window(), fence: "refuse" }),
  ];
}

function resourcesOf(chance: Chance, policies: readonly PolicyPlan[]): Resource[] {
  const under = (id: string): PolicyPlan => {
    const policy = policies.find((one) => one.id === id);
    if (policy === undefined) throw new Error(`no such policy: ${id}`);
    return policy;
  };
  const resource = (path: string, more: Partial<Resource> = {}): Resource => ({
    path,
    varies: false,
    sharing: "always",
    validators: chance.pick(["exact", "exact", "careless", "none"] as const),
    tags: [`tag${chance.between(0, 2)}`],
    movingTag: chance.hit(0.3),
    dated: chance.hit(0.3),
    maxAge: chance.pick([1, 3, 60, 60, 60]),
    staleWhileRevalidate: chance.pick([0, 0, 2, 20]),
    staleIfError: chance.pick([0, 3, 20]),
    governedBy: under(path.split("/")[1] ?? ""),
    ...more,
  });
  const all = [
    resource("/hot/a"),
    resource("/hot/careless", { validators: "careless", maxAge: chance.pick([1, 60]) }),
    resource("/standard/deep/a"),
    resource("/standard/deep/a?q=1"),
    resource("/standard/languages", { varies: true }),
    resource("/standard/odd", { sharing: "sometimes" }),
    resource("/zero/a"),
    resource("/session/a"),
    resource("/fenced/a"),
    resource("/refused/a"),
  ];
  return all
    .map((one) => ({ one, rank: chance.unit() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one);
}
