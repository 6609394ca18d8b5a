// What an experiment's evidence says of each bound. What could not be measured does not hold.

import type { ChaosVerdict } from "../shared/wire/chaos.ts";
import { LIMITS, MOST_WITHHELD, RECOVERED_SHARE } from "./config.ts";
import type { Bounds, Effect } from "./experiment.ts";
import type { History, SeenRequest, Violations } from "./history.ts";
import type { LedgerFindings } from "./stage/standing.ts";
import { type Signs, tookEffect } from "./took-effect.ts";
import { alsoClaimed } from "./verdicts-of-one.ts";

export interface Evidence {
  readonly bounds: Bounds;
  readonly target: string;
  readonly history: History;
  readonly violations: Violations;
  readonly effect: Effect;
  readonly signs: Signs;
  readonly withheld: number;
  /** Of steady state; null where nothing was asked for. */
  readonly steadyRatio: number | null;
  /** From the healing on; null = not in the time that was given. */
  readonly recoveredMs: number | null;
  readonly convergedMs: number | null;
  /** How long both were waited for. */
  readonly waitedMs: number;
  readonly findings: LedgerFindings | null;
  /** What the origin may have been sent: the common bucket, and the edges' shares where they spend those. */
  readonly budget: { readonly rate: number; readonly burst: number };
}

/** Below that the caches do next to nothing, and nothing that is compared with it means anything. */
const LEAST_STEADY_RATIO = 0.5;

export function verdictsOf(evidence: Evidence): ChaosVerdict[] {
  const { bounds } = evidence;
  return [
    steadyState(evidence),
    judged(tookEffect(evidence)),
    clientErrors(evidence),
    ...(bounds.forgives === undefined ? [] : [forgiven(evidence, bounds.forgives)]),
    staleServes(evidence),
    recovery(evidence),
    originRate(evidence),
    convergence(evidence),
    ledger(evidence),
    ...(bounds.also ?? []).map((also) => judged(alsoClaimed(also, evidence))),
  ];
}

type Claim = Omit<ChaosVerdict, "holds">;

function judged(claim: Claim): ChaosVerdict {
  const { measured, limit, comparison } = claim;
  const holds = measured !== null && (comparison === "at-most" ? measured <= limit : measured >= limit);
  return { ...claim, holds };
}

/** What is not well before anything is broken shows nothing by not being well afterwards. */
function steadyState({ history, steadyRatio }: Evidence): ChaosVerdict {
  const [from, to] = [history.began("steady") ?? 0, history.began("fault") ?? 0];
  // What was sent just before may have met with the fault.
  const before = history
    .dueBetween(from, to)
    .filter(({ dueAt, endedAt }) => endedAt < to || dueAt < to - LIMITS.underWay);
  const errors = before.filter(({ error }) => error !== null).length;
  return judged({
    name: "steady-state",
    text:
      errors === 0
        ? "Before anything was broken, most requests were hits, and none failed"
        : `Before anything was broken, ${errors} requests failed: no machine for this, or not well to begin with`,
    measured: errors === 0 ? rounded(steadyRatio) : null,
    ...{ limit: LEAST_STEADY_RATIO, comparison: "at-least", unit: "ratio" },
  });
}

/** Null where the load was not what it should have been: nothing is said of requests that were never sent. */
function judgedRequests({ history, withheld }: Evidence): readonly SeenRequest[] | null {
  const from = history.began("steady");
  if (from === null || history.began("fault") === null) return null;
  const due = history.dueBetween(from, Number.POSITIVE_INFINITY);
  const whole = history.requests.length + withheld;
  return due.length === 0 || withheld > MOST_WITHHELD * whole ? null : due;
}

function clientErrors(evidence: Evidence): ChaosVerdict {
  const { bounds } = evidence;
  const requests = judgedRequests(evidence);
  const errors = requests?.filter(
    ({ error, forgivable }) => error !== null && (forgivable === null || forgivable !== bounds.forgives),
  );
  const kinds = Map.groupBy(errors ?? [], ({ error }) => error ?? "");
  const told = [...kinds].map((kind) => toldOf(kind, evidence)).join(", ");
  return judged({
    name: "client-errors",
    text: `Requests that clients saw fail${told === "" ? "" : `: ${told}`}`,
    ...{ measured: errors?.length ?? null, limit: bounds.clientErrors, comparison: "at-most" },
    unit: "requests",
  });
}

/** How many, and where and when the first of them was. */
function toldOf([error, failed]: [string, readonly SeenRequest[]], { history }: Evidence): string {
  const many = `${failed.length} × ${error}`;
  const [first] = failed;
  if (first === undefined) return many;
  const after = (first.dueAt - (history.began("fault") ?? first.dueAt)) / 1000;
  return `${many} (${failed.length > 1 ? "first " : ""}${first.path} at ${first.edge}, due ${after.toFixed(1)} s after the fault began)`;
}

const FORGIVEN = {
  "no-answer":
    "Requests answered with an error because the origin was not well and nothing stored may be served",
  "turned-away": "Requests told to come again, because the origin's budget was spent",
} as const;

function forgiven(evidence: Evidence, why: keyof typeof FORGIVEN): ChaosVerdict {
  const { bounds, history } = evidence;
  const from = history.began("fault") ?? Number.POSITIVE_INFINITY;
  const due = judgedRequests(evidence)?.filter(({ dueAt }) => dueAt >= from);
  const share =
    due === undefined || due.length === 0
      ? null
      : due.filter(({ forgivable }) => forgivable === why).length / due.length;
  return judged({
    name: why,
    text: FORGIVEN[why],
    ...{ measured: rounded(share), limit: bounds.forgivenShare ?? 0, comparison: "at-most", unit: "ratio" },
  });
}

/**
 * Answers in which it would have shown that the fault makes somebody disregard a purge: by whom it touches, and with a
 * purge binding on them that was sent since it began.
 */
export function checkableIn({ history, target }: Pick<Evidence, "history" | "target">): number {
  const from = history.began("fault") ?? Number.POSITIVE_INFINITY;
  const isTouched = (edge: string): boolean => !target.startsWith("edge-") || edge === target;
  const checkable = ({ edge, boundBy }: SeenRequest): boolean =>
    boundBy !== null && boundBy >= from && isTouched(edge);
  return history.dueBetween(from, Number.POSITIVE_INFINITY).filter(checkable).length;
}

function staleServes(evidence: Evidence): ChaosVerdict {
  const { violations } = evidence;
  const checkable = checkableIn(evidence);
  const rules = Object.entries(violations.byRule).map(([rule, count]) => `${count} × ${rule}`);
  // What another path's answer, or nobody's, is late by is no number.
  const late = Number.isFinite(violations.worstLateMs) ? Math.round(violations.worstLateMs) : null;
  const worst = violations.count === 0 || late === null ? "" : `, up to ${late} ms too late`;
  return judged({
    name: "stale-serves",
    text:
      `Answers beyond their class's bound or life by more than ${LIMITS.epsilon} ms, beside ${checkable} by those ` +
      `it touches that a purge since the fault began was binding on${violations.count === 0 ? "" : `: ${rules.join(", ")}${worst}`}`,
    // Where nothing that they were asked for had been purged longer ago than the bound, nothing could have shown.
    ...{ measured: checkable === 0 ? null : violations.count, limit: 0, comparison: "at-most" },
    unit: "requests",
  });
}

function recovery({ bounds, recoveredMs, waitedMs, steadyRatio }: Evidence): ChaosVerdict {
  const share = RECOVERED_SHARE * 100;
  const never = recoveredMs === null && steadyRatio !== null;
  return judged({
    name: "hit-rate-recovery",
    text: never
      ? `Hits were not ${share} % of the steady ratio again in the time that was given`
      : `From the healing on until hits were ${share} % of the steady ratio`,
    measured:
      steadyRatio === null ? null : Math.round(recoveredMs ?? Math.max(waitedMs, bounds.recoveryMs + 1)),
    ...{ limit: bounds.recoveryMs, comparison: "at-most", unit: "ms" },
  });
}

function originRate({ history, budget }: Evidence): ChaosVerdict {
  const asks = history.asks.filter(({ number }) => !history.passed.has(number)).map(({ at }) => at);
  return judged({
    name: "origin-rate",
    text:
      `The burst that the origin's requests amount to beside ${budget.rate} a second: ${budget.burst}, and what may ` +
      `arrive together of ${LIMITS.transit} ms`,
    ...{ measured: asks.length === 0 ? null : Math.ceil(burstOf(asks, budget.rate)) },
    limit: budget.burst + Math.ceil((budget.rate * LIMITS.transit) / 1000),
    ...{ comparison: "at-most", unit: "requests" },
  });
}

/** The most by which any run of them exceeds what comes in at the rate meanwhile: what a bucket must have held. */
export function burstOf(ascending: readonly number[], perSecond: number): number {
  let owed = 0;
  let most = 0;
  let before = ascending[0] ?? 0;
  for (const at of ascending) {
    owed = Math.max(0, owed - ((at - before) / 1000) * perSecond) + 1;
    most = Math.max(most, owed);
    before = at;
  }
  return most;
}

function convergence({ bounds, convergedMs, waitedMs }: Evidence): ChaosVerdict {
  return judged({
    name: "convergence",
    text:
      convergedMs === null
        ? "Not every edge had every acknowledged purge in the time that was given"
        : "From the healing on until every edge had every purge that was acknowledged before it, by their receipts",
    measured: Math.round(convergedMs ?? Math.max(waitedMs, bounds.convergenceMs + 1)),
    ...{ limit: bounds.convergenceMs, comparison: "at-most", unit: "ms" },
  });
}

function ledger({ findings }: Evidence): ChaosVerdict {
  const text =
    findings === null
      ? "The log could not be read"
      : `Of ${findings.acknowledged} acknowledged purges: missing in the log ${findings.missing}, twice in it ` +
        `${findings.doubled}, not applied ${findings.unapplied}; the audit log's chain ` +
        `${findings.chainHolds ? "is whole" : "is broken"}`;
  const wrong =
    findings === null || findings.acknowledged === 0
      ? null
      : findings.missing + findings.doubled + findings.unapplied + (findings.chainHolds ? 0 : 1);
  return judged({
    name: "ledger",
    text,
    ...{ measured: wrong, limit: 0, comparison: "at-most", unit: "purges" },
  });
}

const rounded = (ratio: number | null): number | null =>
  ratio === null ? null : Math.round(ratio * 10_000) / 10_000;
