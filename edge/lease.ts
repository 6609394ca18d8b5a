// Getting an answer from L2, or the right to ask the origin for one, or the knowledge that no right is needed.

import { variantKey } from "../shared/core/cache-key.ts";
import { comparePositions } from "../shared/core/position.ts";
import { type HeldAnswer, isPastOnArrival } from "../shared/core/stored-answer.ts";
import { type CacheKey, type Instant, later, type Millis, millis } from "../shared/core/units.ts";
import type { L2Answer, ReadOutcome } from "../shared/ports/mid-tier.ts";
import { answersFor } from "./answers-for.ts";
import { askL2 } from "./ask-l2.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { asCandidate, type Candidate, inputFor, isUsable, type Judged, judge } from "./judge.ts";
import { Announcement } from "./large/announcement.ts";
import { awaitBeside } from "./large/await-beside.ts";
import { isForNobody, leaveToOther } from "./refresh/elsewhere.ts";
import { type Keeping, type Known, positionFor, type Right, rightWith } from "./right.ts";
import { heldFromL2 } from "./tiers/from-l2.ts";
import { lookBeside } from "./tiers/look-beside.ts";
import { promote } from "./tiers/store-everywhere.ts";
import { keyFor } from "./variant.ts";

export type Acquired =
  | { readonly kind: "answer"; readonly judged: Judged; readonly key: CacheKey }
  | { readonly kind: "right"; readonly right: Right; readonly known: Known }
  | { readonly kind: "refused" }
  /** Somebody else is renewing it, and nobody here waits for that. */
  | { readonly kind: "elsewhere" };

/** One attempt's state: which key is asked for, and what was found so far. */
interface Search {
  key: CacheKey;
  candidate: Candidate | null;
  /** All that is not good enough: where one shard holds one and the next another, not to want the one brings the other. */
  readonly unusable: string[];
  /** What a refresh has met on its way: stale as well, but less so than what it was to renew. */
  met: (Acquired & { readonly kind: "answer" }) | null;
  polls: number;
  /** The poll before which the data centre was looked into last. */
  lookedFor: number | null;
}

/** Quick at first, so that a key that turns out to be uncacheable holds nobody up; a dead holder's lease is waited out slowly. */
function pollPause(edge: Edge, search: Search): Millis {
  search.polls += 1;
  const interval = search.polls <= LIMITS.quickPolls ? LIMITS.pollInterval : LIMITS.slowPollInterval;
  return millis(interval * (0.5 + edge.random.unit()));
}

function beginSearch(edge: Edge, job: FlightJob): Search {
  const { candidate, request } = job;
  // What was found near, and is not good enough or to be renewed, L2 need not send again; but a warm-up takes what
  // copies hold.
  const unusable = request.purpose === "client" && candidate !== null ? [candidate.held.answer.id] : [];
  const nothing = { met: null, polls: 0, lookedFor: null };
  return { key: keyFor(edge, job), candidate, unusable, ...nothing };
}

/** `landed`: when all has been done with what comes of it. */
export async function acquire(edge: Edge, job: FlightJob, landed: Promise<void>): Promise<Acquired> {
  const search = beginSearch(edge, job);
  const giveUpAt = later(edge.clock.now(), LIMITS.longestWait);
  const token = edge.random.token();
  while (true) {
    const asOf = positionFor(edge, job);
    const grant = (
      keeping: Keeping,
      known: Known = null,
      by: Pick<Right, "asOf" | "announced"> = { asOf, announced: null },
    ): Acquired => {
      const { candidate } = search;
      return { kind: "right", right: rightWith(edge, job, { ...by, keeping, candidate, known }), known };
    };
    if (asOf === null) return grant(NOWHERE);
    const near = await beside(edge, job, search);
    if (near !== null) return near;
    const askedAt = edge.clock.now();
    const { outcome, digest } = await askL2(edge, job, { search, asOf, token });
    const standing = await weigh(edge, job, { search, outcome, askedAt });
    edge.timings?.noteFlown(job, "l2", { since: askedAt, said: saidOf(outcome, standing) });
    switch (standing.kind) {
      case "again":
        continue;
      case "leased":
        return grant({ kind: "everywhere", lease: { key: digest, token, granted: standing.granted } });
      // Without a lease L2 is not filled. One answer was not for all, or none came: where the next can be stored, it is
      // for this data centre, until L2 takes the key again; of those who try meanwhile one an isolate, all at once.
      case "uncacheable":
      case "failing":
        return grant(
          NEAR,
          isValidated(job, search) && standing.kind === "uncacheable" ? null : standing.kind,
        );
      case "large": {
        const found = await largeBeside(edge, job, { search, landed });
        if (found !== null && !(found instanceof Announcement)) return found;
        // What has been invalidated while it waited is older than what it fetches now.
        return grant(NEAR, "large", { asOf: positionFor(edge, job), announced: found });
      }
      case "validated":
        return grant(NEAR, "validated");
      case "absent":
      case "unavailable":
        return grant(NEAR);
      case "taken": {
        const instead = insteadOfWaiting(edge, job, search);
        if (instead !== null) return "keeping" in instead ? grant(instead.keeping, instead.known) : instead;
        job.route.counters.leaseWaits += 1;
        if (edge.clock.now() >= giveUpAt) return grant(NOWHERE);
        await poll(edge, job, search);
        continue;
      }
      default:
        return standing;
    }
  }
}

type Instead = Exclude<Acquired, { kind: "right" }> | { readonly keeping: Keeping; readonly known: Known };

/** What is to be done while another edge fetches; null where that is waited for. */
function insteadOfWaiting(edge: Edge, job: FlightJob, search: Search): Instead | null {
  if (job.lease !== "wait") return { keeping: NOWHERE, known: "taken" };
  // What another edge is bringing it could do nothing with either.
  if (isValidated(job, search)) return { keeping: NEAR, known: null };
  if (search.met !== null) return search.met;
  if (!isForNobody(job)) return null;
  leaveToOther(edge, job, search.key);
  return { kind: "elsewhere" };
}

/** Before L2 is asked, and asked again. What is validated each time is so whoever has brought it. */
async function beside(edge: Edge, job: FlightJob, search: Search): Promise<Acquired | null> {
  if (search.lookedFor === search.polls || isValidated(job, search)) return null;
  search.lookedFor = search.polls;
  return answerIn(await lookBeside(edge, job, search));
}

/** What L2 does not take, where another isolate of the data centre has brought it there, or soon does. */
async function largeBeside(
  edge: Edge,
  job: FlightJob,
  { search, landed }: { readonly search: Search; readonly landed: Promise<void> },
): Promise<Acquired | Announcement | null> {
  if (isValidated(job, search)) return null;
  const { candidate, unusable } = search;
  const found = await awaitBeside(edge, job, { candidate, unusable, landed });
  return found instanceof Announcement ? found : answerIn(found);
}

/** Under its own key: it may be that of a variant. */
const answerIn = (judged: Judged | null): Acquired | null =>
  judged === null ? null : { kind: "answer", judged, key: judged.held.answer.key as CacheKey };

const [NEAR, NOWHERE] = [{ kind: "near" }, { kind: "nowhere" }] as const;

async function poll(edge: Edge, job: FlightJob, search: Search): Promise<void> {
  const since = edge.clock.now();
  await edge.timers.sleep(pollPause(edge, search));
  edge.timings?.noteFlown(job, "lease", { since });
}

function saidOf({ kind }: ReadOutcome, standing: Standing): "hit" | "stale" | "miss" | "error" {
  if (kind === "unavailable") return "error";
  if (kind !== "hit") return "miss";
  return standing.kind === "answer" ? "hit" : "stale";
}

type Standing =
  | Exclude<Acquired, { readonly kind: "right" }>
  | { readonly kind: "again" }
  | Exclude<ReadOutcome, { readonly kind: "hit" | "varies" | "unavailable" }>
  /** L2 has nothing to say, or nothing new. */
  | { readonly kind: "unavailable" };

async function weigh(
  edge: Edge,
  job: FlightJob,
  given: { search: Search; outcome: ReadOutcome; askedAt: Instant },
): Promise<Standing> {
  const { search, outcome, askedAt } = given;
  const { l2 } = job.route.counters.tiers;
  switch (outcome.kind) {
    case "varies": {
      edge.memory.markVaries(job.route.key, outcome.mark);
      const key = variantKey(job.route.key, outcome.mark, job.request);
      // A marker below a variant's own key would send us round in circles: ask without it.
      if (key === search.key) return { kind: "unavailable" };
      search.key = key;
      return { kind: "again" };
    }
    case "hit":
      // Judged by another configuration's selectors it could pass for good.
      if (!edge.router.stands(job.route, job.request)) return { kind: "again" };
      return weighAnswer(edge, job, { search, found: outcome.found, askedAt });
    case "leased":
    case "absent":
      l2.misses += 1;
      return outcome;
    case "unavailable":
      l2.errors += 1;
      return outcome;
    default:
      return outcome;
  }
}

async function weighAnswer(
  edge: Edge,
  job: FlightJob,
  given: { search: Search; found: L2Answer; askedAt: Instant },
): Promise<Standing> {
  const { search, found, askedAt } = given;
  const { answer, body: bytes } = found;
  // A home that grants no lease, full or a replica, is passed over for the next shard each time.
  if (search.unusable.includes(answer.id)) return { kind: "unavailable" };
  search.unusable.push(answer.id);
  if (answer.key !== search.key || !answersFor(answer, job)) return { kind: "again" };
  const held = heldFromL2(found, { askedAt, now: edge.clock.now() });
  const inL2 = { held, body: { kind: "bytes", bytes }, tier: "l2" } as const;
  const input = { ...inputFor(edge, job, inL2, job.arrivedAt), admittedBy: job.admittedBy };
  const judged = await judge(edge, input, (checked) => void recordInL2(edge, search.key, { found, checked }));
  if (judged === null) return { kind: "unavailable" };
  if (judged.step.kind === "refuse") return { kind: "refused" };
  if (isUsable(job, judged, edge.clock.now())) {
    job.route.counters.tiers.l2.hits += 1;
    return { kind: "answer", judged, key: search.key };
  }
  edge.tail.note(job.request, judged);
  if (isLessStale(job, judged)) {
    const { key } = search;
    // Until the origin has answered, that is what clients are served.
    promote(
      edge,
      { key, primary: job.route.key },
      { held: judged.held, body: bytes, rules: job.route.rules },
    );
    search.met = { kind: "answer", judged, key };
  }
  if (judged.step.kind !== "fetch") search.candidate = asCandidate(judged);
  return { kind: "again" };
}

/**
 * Softly invalidated faster than it is fetched, a key has nothing that is fresh. A refresh that left it to another edge, and
 * took nothing of what it has met, would have what its clients are served leave its window, and them wait.
 */
const isLessStale = ({ candidate, takesStale, request, route }: FlightJob, { step, held }: Judged): boolean =>
  route.rules.memoryBudget > 0 &&
  step.kind === "serve-and-refresh" &&
  !takesStale &&
  request.purpose === "client" &&
  candidate !== null &&
  comparePositions(held.answer.asOf, candidate.held.answer.asOf) > 0;

async function recordInL2(
  edge: Edge,
  key: CacheKey,
  { found, checked }: { readonly found: L2Answer; readonly checked: HeldAnswer },
): Promise<void> {
  const about = { id: checked.answer.id, position: checked.verifiedTo };
  await edge.midTier.verified({ shard: found.shard, key: await edge.digest.sha256Hex(key), ...about });
}

/** Whether what is known of the key has to be validated each time: one validation an isolate at a time, whoever else does. */
const isValidated = ({ route }: FlightJob, { candidate }: Search): boolean =>
  candidate !== null && isPastOnArrival(candidate.held.answer, route.rules);
