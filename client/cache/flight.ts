// One coalesced piece of work for a key: the mid-tier or its loader, for whoever asks while it lasts.

import { invalidatedAfter } from "../../shared/core/log-view.ts";
import { elapsed, type Instant, millis } from "../../shared/core/units.ts";
import { NOTHING_VARIES } from "../../shared/core/vary.ts";
import { acquire, giveBack, keepRight, longestFlight, type Right } from "./acquire.ts";
import type { CacheCore } from "./core.ts";
import type { Flight, FlightOutcome } from "./flown.ts";
import type { HeldValue } from "./held.ts";
import { type Job, selectorsOfJob } from "./job.ts";
import { selectorsOfValue } from "./keys.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { type Loaded, load } from "./load.ts";
import { keptFor, lifeOf, storedValue } from "./stored-value.ts";

/** The flight for this job's key: the one under way if it may be joined, else a new one. */
export function board(core: CacheCore, job: Job, not: Flight | null): { flight: Flight; joined: boolean } {
  // Whoever only looks waits for no load.
  const flights = job.loader === null ? core.looks : core.flights;
  const underWay = inTheAir(core, flights, job.key);
  if (underWay !== null && underWay !== not && mayJoin(core, job, underWay))
    return { flight: underWay, joined: true };
  job.drops = core.untold.drops;
  const land = (outcome: FlightOutcome): FlightOutcome => {
    if (flights.get(job.key) === flight) flights.delete(job.key);
    return outcome;
  };
  const outcome = fly(core, job).then(land, (cause: unknown) => land({ kind: "failed", cause }));
  const flight: Flight = { startedAt: core.clock.now(), asOf: core.view.asOf(), drops: job.drops, outcome };
  flights.set(job.key, flight);
  // Its first caller may go: the others, and whoever comes next, want it all the same.
  core.background.keep(outcome);
  return { flight, joined: false };
}

/** The flight under way for a key: one that has taken longer than any can has been lost with its request. */
export function inTheAir(core: CacheCore, flights: ReadonlyMap<string, Flight>, key: string): Flight | null {
  const flight = flights.get(key) ?? null;
  if (flight === null || !core.losesTasks) return flight;
  return elapsed(flight.startedAt, core.clock.now()) > longestFlight(core) ? null : flight;
}

/** A flight that began before a hard invalidation known of its key can only bring what nobody may have who comes now. */
function mayJoin(core: CacheCore, job: Job, { asOf, drops }: Flight): boolean {
  const view = core.view.current();
  const selectors = selectorsOfJob(core.namespace, job);
  if (core.untold.hitsSince(drops, selectors)) return false;
  if (view === null) return asOf === null;
  if (asOf === null || asOf.epoch !== view.epoch) return false;
  return !invalidatedAfter(view, asOf, selectors, "hard");
}

async function fly(core: CacheCore, job: Job): Promise<FlightOutcome> {
  const acquired = await acquire(core, job);
  if (acquired.kind === "nothing") return acquired;
  if (acquired.kind === "value") {
    keepNear(core, job, acquired.held);
    return { kind: "value", held: acquired.held, from: "shared" };
  }
  const { right } = acquired;
  const done = keepRight(core, right);
  try {
    return await loadBy(core, job, right);
  } finally {
    done();
  }
}

async function loadBy(core: CacheCore, job: Job, right: Right): Promise<FlightOutcome> {
  const left = core.failing.of(job.key, core.clock.now());
  if (left !== null) {
    await giveBack(core, right, null);
    return { kind: "failed", cause: left.cause };
  }
  const loadedAt = core.clock.now();
  const outcome = await load(core, job);
  if (outcome.kind === "shed") {
    await giveBack(core, right, null);
    return outcome;
  }
  if (outcome.kind === "failed") {
    const pause = core.failing.failed(job.key, outcome.cause, core.clock.now());
    // Others need not leave it alone for as long: whoever meets this asks for himself, and shares nothing.
    const marked = millis(Math.min(pause, CACHE_LIMITS.failingFor));
    await giveBack(core, right, { kind: "failing", for: marked });
    return outcome;
  }
  core.failing.well(job.key);
  return keepLoaded(core, job, { right, loaded: outcome, loadedAt });
}

/** What was loaded by a right, kept wherever it may be. */
export async function keepLoaded(
  core: CacheCore,
  job: Job,
  given: { readonly right: Right; readonly loaded: Loaded; readonly loadedAt: Instant },
): Promise<FlightOutcome> {
  const { right, loaded, loadedAt } = given;
  const said = job.rules.ttlMode === "override" && job.rules.ttl !== null ? null : loaded.ttl;
  const ttl = said ?? job.rules.ttl ?? millis(0);
  const named = { key: job.key, class: job.rules.class, tags: loaded.tags };
  const selectors = selectorsOfValue(core.namespace, named);
  if (right.asOf === null) {
    await giveBack(core, right, null);
    return { kind: "unplaced", value: loaded.packed.value, selectors, loadedAt };
  }
  const lease = right.lease?.token ?? core.random.token();
  const life = lifeOf(job.rules, { key: job.key, lease, ttl, isNothing: loaded.isNothing });
  const held: HeldValue = {
    id: core.random.token(),
    value: loaded.packed.value,
    octets: loaded.packed.octets.length,
    selectors,
    life,
    ttlBy: said === null ? "rules" : "call",
    asOf: right.asOf,
    verifiedTo: right.asOf,
    bornAt: loadedAt,
    loadedAt,
    tookMs: loaded.tookMs,
  };
  const value: FlightOutcome = { kind: "value", held, from: "loader" };
  if (!loaded.stores || keptFor(life) === 0) {
    await giveBack(core, right, null);
    return value;
  }
  if (await share(core, job, { right, held, octets: loaded.packed.octets })) keepNear(core, job, held);
  return value;
}

/** Whether it may be kept near: the mid-tier decides between rivals, where it can be asked. */
async function share(
  core: CacheCore,
  job: Job,
  given: { readonly right: Right; readonly held: HeldValue; readonly octets: Uint8Array<ArrayBuffer> },
): Promise<boolean> {
  const { right, held, octets } = given;
  const { lease } = right;
  // Beside a rival others may hold a newer one that this process has not heard of.
  if (lease === null) return right.without !== "rival";
  if (octets.length > job.rules.largestShared) {
    await giveBack(core, right, null);
    return true;
  }
  const outcome = await core.midTier.fill({
    ...{ key: lease.digest, primary: lease.digest, leaseKey: lease.digest, mark: NOTHING_VARIES },
    ...{ token: lease.token, granted: lease.granted, budget: job.rules.budget },
    ...{ body: octets, keepFor: keptFor(held.life) },
    answer: storedValue(core, { key: job.key, class: job.rules.class, held, lease: lease.token }),
  });
  if (outcome.kind === "stored") {
    core.counters.filled += 1;
    return true;
  }
  core.counters.notFilled += 1;
  if (outcome.kind === "unavailable") {
    core.counters.sharedErrors += 1;
    core.background.keep(giveBack(core, right, null));
  }
  return outcome.kind !== "refused";
}

function keepNear(core: CacheCore, { rules, key, drops, governedAt }: Job, held: HeldValue): void {
  if (!core.tiers.near.enabled || keptFor(held.life) === 0) return;
  if (governedAt !== core.policies.generation || core.untold.hitsSince(drops, held.selectors)) return;
  core.near.keep(rules, key, { held, unit: core.random.unit() });
}
