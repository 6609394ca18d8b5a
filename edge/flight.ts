// One coalesced piece of work for a key: L2 or the origin, for whoever asks while it lasts.

import type { InChunks } from "../shared/core/chunks.ts";
import type { Modes } from "../shared/core/log-view.ts";
import { type CacheKey, elapsed, later } from "../shared/core/units.ts";
import { keepLease } from "../shared/mid-tier/keep-lease.ts";
import { askersKey } from "./askers.ts";
import { type Flight, type FlightControls, mayJoin, startFlight } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import { fetchAndStore } from "./fetch-and-store.ts";
import type { FlightJob } from "./flight-job.ts";
import { giveBack } from "./give-back.ts";
import type { Judged } from "./judge.ts";
import { lookInBucket } from "./large/look-in-bucket.ts";
import { type Acquired, acquire } from "./lease.ts";
import type { EdgeRequest } from "./request.ts";
import type { Right } from "./right.ts";
import type { Route } from "./router.ts";
import { standbyFor } from "./standby.ts";
import { bringNear, leaveMark, variantOf } from "./tiers/store-everywhere.ts";
import { keyFor } from "./variant.ts";

export type Boarding = { readonly role: "leader" | "follower"; readonly flight: Flight };

/** The flight for this request's key: the one under way if it may be joined, else a new one. */
export function board(edge: Edge, job: FlightJob): Boarding {
  const keys = flightKeys(edge, job);
  const underWay = keys.map((key) => edge.flights.get(key)).find((flight) => isJoinable(edge, job, flight));
  if (underWay !== undefined) return { role: "follower", flight: underWay };
  const close = (): void => forget(edge, keys, flight);
  const bringsWhole = (): boolean => {
    const [whole] = keys;
    // Whoever waited for one that is settled was told so already.
    if (whole === undefined || flight.settled !== null) return true;
    const other = edge.flights.get(whole);
    if (other !== flight && isJoinable(edge, job, other)) return false;
    edge.flights.set(whole, flight);
    return true;
  };
  const began = { asOf: edge.view.asOf(), startedAt: edge.clock.now(), close, bringsWhole };
  const { flight, done } = startFlight(began, (controls) => fly(edge, job, controls));
  const key = keys.at(-1);
  if (key !== undefined) edge.flights.set(key, flight);
  // Rooted in waitUntil: a leader that is cancelled must not leave its followers hanging.
  job.request.background.keep(done);
  void flight.outcome.then((outcome) => {
    // Nobody may join what is not shared; and a failure is for those who waited for it, not for whoever comes while
    // the lease is still being given back.
    if (outcome.kind !== "answer") close();
  });
  return { role: "leader", flight };
}

/** Whether a newer answer than any that is stored has come, and is being stored: then it is joined. */
export function hasJustArrived(edge: Edge, request: EdgeRequest, route: Route): boolean {
  if (request.method !== "GET" || request.header("range") !== null) return false;
  return edge.flights.get(keyFor(edge, { route, request }))?.settled?.kind === "answer";
}

/** Under which names a flight is looked for, the last being its own; none where nobody may share it. */
function flightKeys(edge: Edge, job: FlightJob): CacheKey[] {
  if (job.lease === "try") return [];
  // What becomes of somebody's credentials is nothing that others should wait for, but those who send some as well.
  const key = askersKey(edge, job);
  // The whole, where somebody is fetching it, has the range too.
  return job.range === null ? [key] : [key, `${key}|${job.range}` as CacheKey];
}

function isJoinable(edge: Edge, job: FlightJob, flight: Flight | undefined): boolean {
  if (flight === undefined || flight === job.not) return false;
  // A flight as old as this has lost its leader: nobody may be made to wait for it any more.
  if (elapsed(flight.startedAt, edge.clock.now()) > LIMITS.followerGuard) return false;
  const { selectors } = job.route;
  return mayJoin(flight, edge.view.current(), { selectors, modes: endedBy(job) });
}

/** Behind a soft invalidation a warm-up, a renewal, and a write's refill begin anew. */
const endedBy = ({ request }: FlightJob): Modes => (request.purpose === "client" ? "hard" : "any");

function forget(edge: Edge, keys: readonly CacheKey[], flight: Flight): void {
  for (const key of keys) if (edge.flights.get(key) === flight) edge.flights.delete(key);
}

/** Its record comes into this data centre, its chunks as they are asked for. */
async function takeFromBucket(
  edge: Edge,
  job: FlightJob,
  given: { shared: Judged & { held: InChunks }; right: Right; controls: FlightControls },
): Promise<void> {
  const { shared, right, controls } = given;
  const { held, step: forLeader, by } = shared;
  await edge.dataCentre.storeInChunks(held);
  controls.settle({ kind: "large", held, from: "l2", forLeader, by, receivedAt: edge.clock.now() });
  await giveBack(edge, { job, right }, null);
  return leaveMark(edge.dataCentre, variantOf(edge, job.route, held.answer.key as CacheKey), held);
}

/** A right without a lease needs no renewal. */
function keepRight(edge: Edge, { keeping }: Right): () => void {
  if (keeping.kind !== "everywhere") return () => {};
  const { key, token, granted } = keeping.lease;
  return keepLease(edge, { key, token, at: granted.shard }, LIMITS);
}

/** For nobody, and most likely it would be stored nowhere. */
const isInVain = ({ request }: FlightJob, { right, known }: Acquired & { kind: "right" }): boolean =>
  request.purpose === "write-through" && (known !== null || right.keeping.kind === "nowhere");

/** What it said to whoever tried it last is not known here. */
const FAILS = { kind: "error", status: 503, retryAfter: null, tells: false } as const;

async function fly(edge: Edge, job: FlightJob, controls: FlightControls): Promise<void> {
  let done = (): void => {};
  try {
    const acquired = await acquire(edge, job, controls.landed);
    if (acquired.kind === "refused") return controls.settle({ kind: "refused" });
    // Whoever has joined it waits by himself.
    if (acquired.kind === "elsewhere") return controls.settle({ kind: "stalled" });
    if (acquired.kind === "answer") {
      const { held, body, step, by, tier } = acquired.judged;
      const from = tier === "l1Cache" ? tier : "l2";
      const brought = { held, from, forLeader: step, by, receivedAt: edge.clock.now() } as const;
      if (body.kind !== "bytes") return controls.settle({ kind: "large", ...brought });
      controls.settle({ kind: "answer", body: body.bytes, ...brought });
      return bringNear(edge, { key: acquired.key, route: job.route }, acquired.judged);
    }
    if (job.range !== null && acquired.right.validators !== null)
      return controls.settle({ kind: "cut-from-whole" });
    const { right, known } = acquired;
    if (right.fallback !== null) controls.find(right.fallback.step);
    // Its origin has just failed: it is tried again when the marker has gone, and not by all who can do without.
    const standby = known === "failing" ? standbyFor(edge, job, right.fallback) : null;
    if (standby !== null) {
      const until = later(edge.clock.now(), LIMITS.pollInterval);
      if (!job.takesStale) edge.memory.giveUp(keyFor(edge, job), { kind: "failing", until, gone: false });
      return controls.settle({ ...FAILS, fallback: right.fallback });
    }
    done = keepRight(edge, right);
    const shared = await lookInBucket(edge, job, right);
    if (shared !== null) return takeFromBucket(edge, job, { shared, right, controls });
    // Somebody found the key not to be shareable: nobody waits for us, and we wait for nobody. For a refresh nobody waits
    // as it is; forgotten, it would be begun anew by everybody who is served what is stale.
    const vain = isInVain(job, acquired);
    if ((known === "uncacheable" && job.takesStale) || vain) controls.settle({ kind: "unshared" });
    if (!vain) await fetchAndStore(edge, job, { right, controls });
  } catch (error) {
    controls.settle({ kind: "failed", reason: "broken", fallback: null });
    throw error;
  } finally {
    done();
  }
}
