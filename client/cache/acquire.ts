// Getting a value from the mid-tier, or the right to load it, or the knowledge that no right is needed.

import { neededBy } from "../../shared/core/admission.ts";
import { newestOf, positionOf } from "../../shared/core/log-view.ts";
import { comparePositions, leastPosition, type Position } from "../../shared/core/position.ts";
import { allSelectors } from "../../shared/core/selector.ts";
import { earlier, elapsed, type Instant, later, type Millis, millis } from "../../shared/core/units.ts";
import { keepLease } from "../../shared/mid-tier/keep-lease.ts";
import type {
  Granted,
  L2Answer,
  LeaseMarker,
  ReadOutcome,
  ReleaseQuery,
} from "../../shared/ports/mid-tier.ts";
import type { CacheCore } from "./core.ts";
import { type HeldValue, judge, usable, type Verdict } from "./held.ts";
import { type Job, selectorsOfJob } from "./job.ts";
import { cacheKeyOf } from "./keys.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { readStoredValue } from "./stored-value.ts";

/** The right to load, and what comes with it. */
export interface Right {
  /** Null where the loader is asked without a lease. `digest` is the key's name in the mid-tier. */
  readonly lease: { readonly digest: string; readonly token: string; readonly granted: Granted } | null;
  /** Null while nothing is known of the log: then nothing is kept. */
  readonly asOf: Position | null;
  /** Why there is no lease; null where there is one. */
  readonly without: Without | null;
}

/**
 * `away`: the mid-tier could not be asked. `failing`: it has nothing, somebody's load has just failed. `rival`: somebody may
 * bring it what is newer. Without a lease a value is kept by this process alone, and beside a rival by nobody.
 */
export type Without = "away" | "failing" | "rival";

export type Acquired =
  | { readonly kind: "value"; readonly held: HeldValue }
  | { readonly kind: "right"; readonly right: Right }
  /** Nobody has it, and no right was asked for; `unavailable` where nobody can say. */
  | { readonly kind: "nothing"; readonly because: "absent" | "unavailable" };

interface Search {
  readonly digest: string;
  readonly token: string;
  /** All that were not good enough: where one shard holds one and the next another, not to want the one brings the other. */
  readonly unusable: string[];
  polls: number;
}

export async function acquire(core: CacheCore, job: Job): Promise<Acquired> {
  const goWithout = (asOf: Position | null, without: Without): Acquired =>
    job.loader === null
      ? { kind: "nothing", because: without === "away" ? "unavailable" : "absent" }
      : { kind: "right", right: { lease: null, asOf, without } };
  // In an outage many come here: what nobody is asked for needs no name.
  if (core.view.asOf() === null || !core.tiers.shared.enabled) return goWithout(core.view.asOf(), "away");
  const digest = await core.digest.sha256Hex(cacheKeyOf(core.namespace, job.key));
  const search: Search = {
    ...{ digest, token: core.random.token(), polls: 0 },
    unusable: job.candidate === null ? [] : [job.candidate.held.id],
  };
  // A holder that dies at its end still has its lease.
  const giveUpAt = later(core.clock.now(), millis(longestLoad(core) + CACHE_LIMITS.leaseDuration));
  while (true) {
    const asOf = core.view.asOf();
    if (asOf === null || !core.tiers.shared.enabled) return goWithout(asOf, "away");
    const askedAt = core.clock.now();
    const outcome = await ask(core, job, { search, asOf });
    giveBackInDoubt(core, search, outcome);
    switch (outcome.kind) {
      case "hit": {
        // A home that grants no lease any more, as it is full or only a replica, is passed over for the next shard each time.
        if (search.unusable.includes(outcome.found.answer.id)) return goWithout(asOf, "away");
        const held = await weigh(core, job, { search, found: outcome.found, askedAt });
        if (held !== null) return { kind: "value", held };
        continue;
      }
      case "leased":
        return {
          kind: "right",
          right: {
            asOf,
            without: null,
            lease: { digest, token: search.token, granted: outcome.granted },
          },
        };
      case "taken":
        // Whoever has his value already, or only looks, needs nobody else's load.
        if (job.background || job.loader === null) return { kind: "nothing", because: "absent" };
        core.counters.leaseWaits += 1;
        if (core.clock.now() >= giveUpAt) return goWithout(asOf, "rival");
        await core.timers.sleep(pauseOf(core, search));
        continue;
      case "unavailable":
        core.counters.sharedErrors += 1;
        core.telling.tell({ event: "unavailable", tier: "shared", reason: outcome.reason });
        return goWithout(asOf, "away");
      // Nobody waits for another's next try, nor for what is not kept.
      case "failing":
        return goWithout(asOf, "failing");
      case "absent":
        // It was left alone when it was asked for, and is not any more.
        if (wantsRight(core, job)) continue;
        return goWithout(asOf, "rival");
      default:
        return goWithout(asOf, "rival");
    }
  }
}

/** Longer than any load takes: its turn, its tokens and its second try included. */
function longestLoad({ deadlines }: Pick<CacheCore, "deadlines">): Millis {
  const { patience, takeDeadline, tokenPatience, retryPause, leaseMargin } = CACHE_LIMITS;
  const tries = 2 * (deadlines.load + takeDeadline + tokenPatience);
  return millis(patience.user + tries + retryPause + leaseMargin);
}

/** Longer than any flight takes: another's load that is waited for, its own, and what it asks and tells beside them. */
export function longestFlight(core: Pick<CacheCore, "deadlines">): Millis {
  const { leaseDuration, readDeadline, logDeadline, fillDeadline } = CACHE_LIMITS;
  return millis(2 * longestLoad(core) + leaseDuration + readDeadline + logDeadline + fillDeadline);
}

/** Renews the lease that a load is made by until the returned is called. */
export function keepRight(core: CacheCore, { lease }: Right): () => void {
  if (lease === null) return () => {};
  const { leaseDuration, leaseRenewal } = CACHE_LIMITS;
  const leaseRenewals = Math.ceil(longestLoad(core) / leaseRenewal);
  const { digest: key, token, granted } = lease;
  return keepLease(core, { key, token, at: granted.shard }, { leaseDuration, leaseRenewal, leaseRenewals });
}

const LEASE = { duration: CACHE_LIMITS.leaseDuration, patience: CACHE_LIMITS.overtakerPatience };

function ask(
  core: CacheCore,
  job: Job,
  { search, asOf }: { readonly search: Search; readonly asOf: Position },
): Promise<ReadOutcome> {
  const { digest, token, unusable } = search;
  const view = core.view.current();
  const known = [...selectorsOfJob(core.namespace, job), ...(job.candidate?.held.selectors ?? [])];
  return core.midTier.read({
    ...{ key: digest, home: digest, replicas: job.rules.replicas, spread: false, budget: job.rules.budget },
    ...{
      need: view === null ? asOf : neededBy(job.admittedBy, newestOf(view, known, "hard")),
      asOf,
      not: unusable.at(-1) ?? null,
    },
    lease: wantsRight(core, job) ? { token, ...LEASE } : null,
  });
}

/** What this process leaves alone it only looks for: others may have it, or load it. */
const wantsRight = ({ clock, failing }: CacheCore, { key, loader }: Job): boolean =>
  loader !== null && failing.of(key, clock.now()) === null;

/** Quick at first, slow then: a dead holder's lease is waited out. */
function pauseOf({ random }: CacheCore, search: Search): Millis {
  search.polls += 1;
  const { first, later: slow, quick } = CACHE_LIMITS.poll;
  return millis((search.polls <= quick ? first : slow) * (0.5 + random.unit()));
}

/** Null where it is not good enough; what may stand in or be told to the loader is then the job's candidate. */
async function weigh(
  core: CacheCore,
  job: Job,
  given: { readonly search: Search; readonly found: L2Answer; readonly askedAt: Instant },
): Promise<HeldValue | null> {
  const { search, found, askedAt } = given;
  search.unusable.push(found.answer.id);
  const transit = elapsed(askedAt, core.clock.now());
  const bornAt = earlier(askedAt, millis(found.residence + transit));
  const stored = readStoredValue(core, job.key, { found, bornAt });
  if (stored === null) return null;
  const held = underRulesInForce(core, job, stored);
  // Deleted by this process, and the log has yet to hear of it.
  if (core.untold.hitsBorn(held.bornAt, held.selectors)) return null;
  const verdict = await judgeFully(core, job, { held, shard: found.shard, digest: search.digest });
  if (verdict === null) return null;
  const how = usable(verdict);
  if (how === "as-is" || (how === "behind" && !job.background)) {
    if (how === "behind") job.candidate = verdict;
    return verdict.held;
  }
  if (verdict.coherence.kind !== "hard" && verdict.coherence.kind !== "other-epoch") job.candidate = verdict;
  return null;
}

/** What can hit it now is also what its key goes by now: by that it has been checked no further than it was loaded. */
function underRulesInForce(core: CacheCore, job: Job, held: HeldValue): HeldValue {
  const selectors = allSelectors(held.selectors, selectorsOfJob(core.namespace, job));
  return selectors === held.selectors ? held : { ...held, selectors, verifiedTo: held.asOf };
}

/** Where the view does not reach back far enough the log's whole index is asked. */
async function judgeFully(
  core: CacheCore,
  job: Job,
  given: { readonly held: HeldValue; readonly shard: string; readonly digest: string },
): Promise<Verdict | null> {
  const { rules, arrivedAt, admittedBy } = job;
  const { held, shard, digest } = given;
  const view = core.view.current();
  if (view === null) return null;
  const by = { rules, arrivedAt, admittedBy, renewFrom: null };
  const first = judge(view, held, { ...by, now: core.clock.now() });
  if (first.step.kind !== "check") return first;
  const askedFrom = positionOf(view);
  const outcome = await core.log.check(held.selectors, held.verifiedTo);
  const current = core.view.current();
  if (outcome.kind !== "ok" || current === null) return null;
  const checked = { ...held, verifiedTo: leastPosition(outcome.position, askedFrom) };
  const about = { id: held.id, position: checked.verifiedTo };
  core.background.keep(core.midTier.verified({ shard, key: digest, ...about }));
  const second = judge(current, checked, { ...by, now: core.clock.now() });
  return second.step.kind === "check" ? null : second;
}

/** Granted perhaps, and only the reply lost: nobody shall wait for it to expire. */
function giveBackInDoubt(
  core: CacheCore,
  { digest, token }: Pick<Search, "digest" | "token">,
  outcome: ReadOutcome,
): void {
  const at =
    outcome.kind === "unavailable" ? outcome.at : outcome.kind === "leased" ? outcome.granted.silent : [];
  if (at.length > 0) core.background.keep(release(core, { key: digest, token, marker: null, at }));
}

async function release(core: CacheCore, query: ReleaseQuery): Promise<void> {
  await core.midTier.release(query);
  // A request that is still under way may yet grant it.
  await core.timers.sleep(CACHE_LIMITS.readDeadline);
  await core.midTier.release(query);
}

export function giveBack(core: CacheCore, { lease }: Right, marker: LeaseMarker | null): Promise<unknown> {
  if (lease === null) return Promise.resolve();
  return core.midTier.release({ key: lease.digest, token: lease.token, marker, at: [lease.granted.shard] });
}

/** The lease of a key as of a position; null where somebody has one that is as new. */
export async function acquireLease(core: CacheCore, job: Job, asOf: Position): Promise<Right | null> {
  if (!core.tiers.shared.enabled) return { lease: null, asOf, without: "away" };
  const digest = await core.digest.sha256Hex(cacheKeyOf(core.namespace, job.key));
  const token = core.random.token();
  const place = {
    key: digest,
    home: digest,
    replicas: job.rules.replicas,
    spread: false,
    budget: job.rules.budget,
  };
  let not: string | null = null;
  for (let tries = 0; tries < CACHE_LIMITS.attempts; tries++) {
    // The value is at hand, so that no load is cut off without one that ends: any older lease is taken over.
    const lease = { token, ...LEASE, patience: millis(0) };
    const outcome = await core.midTier.read({ ...place, need: asOf, asOf, lease, not });
    giveBackInDoubt(core, { digest, token }, outcome);
    if (outcome.kind === "leased")
      return { asOf, without: null, lease: { digest, token, granted: outcome.granted } };
    if (outcome.kind === "unavailable") return { lease: null, asOf, without: "away" };
    if (outcome.kind === "failing") return { lease: null, asOf, without: "failing" };
    if (outcome.kind !== "hit" || comparePositions(outcome.found.answer.asOf, asOf) >= 0) return null;
    not = outcome.found.answer.id;
  }
  return null;
}
