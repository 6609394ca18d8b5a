// A read: near, then the mid-tier, then the loader, and only what can be shown to be good.

import { admission } from "../../shared/core/admission.ts";
import { knownAge, type LogView } from "../../shared/core/log-view.ts";
import { formatPosition } from "../../shared/core/position.ts";
import { elapsed, type Millis, millis, type Selector } from "../../shared/core/units.ts";
import { TidegateError } from "../tidegate-error.ts";
import type { Certificate, Nothing } from "./answers.ts";
import { Call } from "./call.ts";
import type { CacheCore } from "./core.ts";
import type { ValueSource } from "./counters.ts";
import { board, inTheAir } from "./flight.ts";
import type { Flight, FlightOutcome } from "./flown.ts";
import { type HeldValue, judge, standsIn, usable, type Verdict } from "./held.ts";
import type { Job } from "./job.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { settle } from "./near.ts";
import { compare } from "./shadow.ts";
import { handedOut } from "./values.ts";

const ANY_AGE = millis(Number.POSITIVE_INFINITY);

const AS_KNOWN_NOW = { renewFrom: null, admittedBy: null } as const;

/** The hit path: one look-up, one comparison with the view, one with the clock. Null where it needs more than that. */
export function fromNear(core: CacheCore, job: Pick<Job, "key" | "rules" | "arrivedAt">): HeldValue | null {
  const { key, rules, arrivedAt } = job;
  const view = core.view.current();
  if (view === null || rules.window === 0 || !core.tiers.near.enabled) return null;
  const near = core.near.find(rules, key);
  if (near === undefined || knownAge(view, arrivedAt) > rules.window) return null;
  if (near.currentAt !== view.generation) {
    const { coherence } = judge(view, near.held, { rules, arrivedAt, now: arrivedAt, ...AS_KNOWN_NOW });
    if (coherence.kind !== "current") return null;
    settle(near, rules, view.generation);
  }
  if (arrivedAt >= near.quietUntil) return null;
  core.view.refreshIfDue(arrivedAt, rules.window, core.background);
  core.counters.near += 1;
  return near.held;
}

/** Ends by the deadline whatever any tier, or the loader, does. Rejects with a `TidegateError` and nothing else. */
export function readFurther(
  core: CacheCore,
  job: Job,
  terms: { readonly signal: AbortSignal | undefined; readonly deadline: Millis },
): Promise<Certificate | Nothing> {
  const call = new Call(core, job, { ...terms, standIn: () => fallback(core, job) });
  return call.begin(() => seek(core, job));
}

/** For nobody: its caller has been answered. */
const UNWANTED: Certificate | Nothing = { kind: "nothing", because: "unavailable" };

async function seek(core: CacheCore, job: Job): Promise<Certificate | Nothing> {
  const { rules } = job;
  const view = await viewFor(core, job);
  // While Redis is a black hole many wait here: those that have been answered meanwhile must not all go on at once.
  if (job.over) return UNWANTED;
  // What the log has yet to hear of is owed as well, and no position says so.
  job.admittedBy = core.untold.isEmpty ? admission(view, rules.window, job.arrivedAt) : null;
  const near = view === null || rules.window === 0 ? null : lookNear(core, job, view);
  if (near !== null) {
    const how = usable(near);
    if (how !== null) {
      if (how === "behind") loadBehind(core, job, near);
      core.counters.near += 1;
      return given(core, job, { held: near.held, source: "near", verdict: near });
    }
    if (near.coherence.kind === "current" || near.coherence.kind === "soft") job.candidate = near;
  }
  let not: Flight | null = null;
  for (let attempt = 0; attempt < CACHE_LIMITS.attempts; attempt++) {
    const { flight, joined } = board(core, job, not);
    const outcome = await flight.outcome;
    const read = joined ? follow(core, job, { flight, outcome }) : lead(core, job, outcome);
    if (read !== "again") return read;
    not = flight;
  }
  throw new TidegateError("contended", "The value was invalidated again and again while it was loaded.");
}

/**
 * A log that was silent a moment ago is asked again, and not waited for: every call of an outage would take as long as a
 * try. A program that has just begun is slow to connect, and what it loads without a position it can't keep: it tries twice.
 */
async function viewFor(core: CacheCore, { rules, arrivedAt: at, ticket }: Job): Promise<LogView | null> {
  if (core.view.isSilent) {
    core.view.learnBehind(core.background);
    return core.view.current();
  }
  const within = () => core.view.within(rules.window, { at, ticket }, core.background);
  return (await within()) ?? within();
}

function lookNear(core: CacheCore, { key, rules, arrivedAt }: Job, view: LogView): Verdict | null {
  if (!core.tiers.near.enabled) return null;
  const near = core.near.find(rules, key);
  if (near === undefined) return null;
  const { held, renewFrom } = near;
  return judge(view, held, { rules, arrivedAt, now: core.clock.now(), renewFrom, admittedBy: null });
}

/** Whoever began it asked for this very value. */
function lead(core: CacheCore, job: Job, outcome: FlightOutcome): Certificate | Nothing {
  if (outcome.kind === "value" && outcome.from === "shared") {
    core.counters.shared += 1;
    if (job.candidate?.held.id === outcome.held.id) loadBehind(core, job, job.candidate);
    return given(core, job, { held: outcome.held, source: "shared", verdict: job.candidate });
  }
  if (outcome.kind === "value") {
    core.counters.loaded += 1;
    return given(core, job, { held: outcome.held, source: "loader", verdict: null });
  }
  return withoutPlace(core, job, outcome);
}

/** Everybody else checks what it brought as if it came from a tier. */
function follow(
  core: CacheCore,
  job: Job,
  { flight, outcome }: { readonly flight: Flight; readonly outcome: FlightOutcome },
): Certificate | Nothing | "again" {
  if (core.untold.hitsSince(flight.drops, selectorsIn(outcome))) return "again";
  if (outcome.kind === "unplaced" && outcome.loadedAt < job.arrivedAt) return "again";
  if (outcome.kind === "nothing" && job.loader !== null) return "again";
  if (outcome.kind !== "value") return withoutPlace(core, job, outcome);
  const { held, from } = outcome;
  const view = core.view.current();
  if (view === null) return "again";
  const { rules, arrivedAt, admittedBy } = job;
  const by = { rules, arrivedAt, admittedBy, now: core.clock.now(), renewFrom: null };
  const verdict = judge(view, held, by);
  // Past its time on arrival only because the loader took its own: whoever waited for it may have it.
  const waited = held.loadedAt !== null && verdict.coherence.kind === "current";
  const known = verdict.knownAge <= rules.window || (held.loadedAt ?? 0) >= arrivedAt;
  if (usable(verdict) === null && !(waited && known)) return "again";
  core.counters[from === "shared" ? "shared" : "loaded"] += 1;
  core.counters.coalesced += 1;
  return given(core, job, { held, source: from, verdict });
}

function selectorsIn(outcome: FlightOutcome): readonly Selector[] {
  if (outcome.kind === "value") return outcome.held.selectors;
  return outcome.kind === "unplaced" ? outcome.selectors : [];
}

function withoutPlace(
  core: CacheCore,
  job: Job,
  outcome: Exclude<FlightOutcome, { kind: "value" }>,
): Certificate | Nothing {
  switch (outcome.kind) {
    case "nothing":
      core.counters.absent += 1;
      return outcome;
    case "unplaced": {
      core.counters.loaded += 1;
      const { loadedAt } = outcome;
      const value = handedOut(outcome.value);
      const age = elapsed(loadedAt, core.clock.now());
      return { value, source: "loader", stale: false, age, asOf: null, knownAge: null };
    }
    case "failed":
    case "shed": {
      const stale = fallback(core, job);
      if (stale !== null) return stale;
      throw outcome.kind === "shed" ? overloaded(outcome) : loadFailed(outcome.cause);
    }
  }
}

const overloaded = ({ reason, retryAfter }: { reason: string; retryAfter: Millis }): TidegateError =>
  new TidegateError(
    "overloaded",
    `The loader was not run (${reason}); it may be in ${Math.ceil(retryAfter)} ms.`,
  );

const loadFailed = (cause: unknown): TidegateError =>
  cause instanceof TidegateError ? cause : new TidegateError("load-failed", "The loader failed.", { cause });

/** What is past its time, judged now: it may have been invalidated since it was found. */
function fallback(core: CacheCore, job: Job): Certificate | null {
  const view = core.view.current();
  if (job.candidate === null || view === null) return null;
  const { rules, arrivedAt } = job;
  const { held } = job.candidate;
  const verdict = judge(view, held, { rules, arrivedAt, now: core.clock.now(), ...AS_KNOWN_NOW });
  if (!standsIn(verdict)) return null;
  core.counters.near += 1;
  const source = held.loadedAt === null ? "shared" : "near";
  return given(core, job, { held, source, verdict });
}

function given(
  core: CacheCore,
  job: Job,
  { held, source, verdict }: { held: HeldValue; source: ValueSource; verdict: Verdict | null },
): Certificate {
  const now = core.clock.now();
  const judged = verdict?.held.id === held.id ? verdict : null;
  const stale = judged !== null && judged.freshness.kind !== "fresh";
  if (stale) core.counters.stale += 1;
  const by = judged ?? job.admittedBy ?? admission(core.view.current(), ANY_AGE, job.arrivedAt);
  if (source !== "loader") compare(core, job, { held, tier: source });
  const read: Certificate = {
    value: handedOut(held.value),
    source,
    stale,
    age: elapsed(held.bornAt, now),
    asOf: formatPosition(held.verifiedTo),
    knownAge: by === null ? null : by.knownAge,
  };
  core.telling.tell({ event: "read", key: job.key, class: job.rules.class, ...read, value: undefined });
  return read;
}

/** One at a time, behind whoever has his value. */
export function loadBehind(core: CacheCore, job: Job, candidate: Verdict): void {
  if (job.loader === null || inTheAir(core, core.flights, job.key) !== null) return;
  const behind: Job = {
    ...job,
    background: true,
    over: false,
    candidate,
    admittedBy: null,
    arrivedAt: core.clock.now(),
    ticket: core.view.ticket(),
    drops: core.untold.drops,
    governedAt: core.policies.generation,
  };
  core.background.keep(board(core, behind, null).flight.outcome);
}
