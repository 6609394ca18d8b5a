// Parts of answers in this isolate's memory: found, kept, joined with one another, and turned into the whole when complete.

import { DIGESTS_OF_CONTENT, updatedFields, withoutHeaders } from "../shared/core/headers.ts";
import { coherenceOf, knownAge, positionOf } from "../shared/core/log-view.ts";
import { combined, covers, isComplete, type RangePart, receivedPart } from "../shared/core/part.ts";
import { leastPosition } from "../shared/core/position.ts";
import { allSelectors } from "../shared/core/selector.ts";
import { freshnessOf, type HeldAnswer, type StoredAnswer } from "../shared/core/stored-answer.ts";
import { type CacheKey, elapsed, type Instant, instant, millis } from "../shared/core/units.ts";
import { answersFor } from "./answers-for.ts";
import type { ByView } from "./audit/sampler.ts";
import { LIMITS } from "./config.ts";
import { soleRange } from "./content.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { type Exchange, hold, type Made } from "./make-answer.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";
import { keyFor } from "./variant.ts";

export interface HeldPart {
  readonly held: HeldAnswer;
  readonly part: RangePart;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One that everything known says may be used. */
export interface FoundPart extends HeldPart {
  readonly by: ByView;
}

/** Beside the whole answer's key, so that neither displaces the other. */
const partKey = (key: CacheKey): CacheKey => `${key}|part` as CacheKey;

/** The part held of what a request names, if everything known says that it may be used. */
export function findPart(edge: Edge, job: Pick<FlightJob, "route" | "request">): FoundPart | null {
  const { route, request } = job;
  const view = edge.view.current();
  const entry = edge.memory.find(route.rules, partKey(keyFor(edge, job)));
  if (view === null || entry === undefined) return null;
  const by = { position: positionOf(view), knownAge: knownAge(view, request.arrivedAt) };
  if (by.knownAge > route.rules.window || !edge.router.stands(route, request)) return null;
  const { held, body } = entry;
  const { answer, verifiedTo } = held;
  if (answer.part.kind !== "range" || !answersFor(answer, { route, request })) return null;
  const selectors = allSelectors(answer.selectors, route.selectors);
  if (coherenceOf(view, verifiedTo, selectors).kind !== "current") return null;
  const freshness = freshnessOf(held, route.rules, { now: edge.clock.now(), softSince: null });
  return freshness.kind === "fresh" ? { held, part: answer.part, bytes: body, by } : null;
}

export function dropPart(edge: Edge, job: Pick<FlightJob, "route" | "request">): void {
  const key = partKey(keyFor(edge, job));
  const entry = edge.memory.find(job.route.rules, key);
  if (entry !== undefined) edge.memory.drop(key, entry);
}

/** Whether a part has all that a request asks for. */
export function partServes(answer: Pick<StoredAnswer, "part">, request: FlightJob["request"]): boolean {
  if (answer.part.kind === "whole") return true;
  // Where If-Range fails the whole is due, which a part is not.
  if (request.header("if-range") !== null) return false;
  const range = soleRange(request, answer.part.complete);
  return range !== null && covers(answer.part, range);
}

/**
 * Keeps what a 206 brought, joined with what was held of the same representation; the whole, where that completes it.
 * Null where its octets are not what it says.
 */
export function keepPart(
  edge: Edge,
  exchange: Exchange,
  given: { made: Made; bytes: Uint8Array<ArrayBuffer>; announced: boolean },
): Kept | null {
  const { made, bytes, announced } = given;
  const received = receivedPart(made.answer.headers, { octets: bytes.length, announced });
  if (received === null) return null;
  const answer: StoredAnswer = { ...made.answer, part: received, length: bytes.length };
  const fresh: HeldPart = { held: hold(exchange, answer), part: received, bytes };
  const joined = joinedWith(findPart(edge, exchange.job), fresh);
  const kept = joined !== null && joined.bytes.length <= LIMITS.sharedBody ? joined : fresh;
  if (isComplete(kept.part)) return wholeOf(made, kept);
  if (exchange.right.asOf !== null) {
    if (made.key !== made.primary) edge.memory.markVaries(made.primary, made.mark);
    edge.memory.store(partKey(made.key), entryOf(kept, exchange));
  }
  return { kind: "part", ...kept };
}

const entryOf = ({ held, bytes }: HeldPart, { job }: Exchange): MemoryAnswer => ({
  held,
  rules: job.route.rules,
  body: bytes,
  currentAt: -1,
  saysOfQuery: null,
  freshUntil: held.bornAt,
  quietUntil: held.bornAt,
  renewFrom: instant(Number.POSITIVE_INFINITY),
  sent: null,
  prepared: null,
  names: held.answer.vary.map(([name]) => name),
  answers: null,
  watch: 0,
});

/** Least as-of, all selectors, greatest age (RFC 9111 §3.4), the first asking for it. Whoever sends the rest need not repeat all fields (RFC 9110 §15.3.7). */
function joinedWith(older: HeldPart | null, newer: HeldPart): HeldPart | null {
  if (older === null) return null;
  const [a, b] = [older.held.answer, newer.held.answer];
  const part = combined({ part: older.part, headers: a.headers }, { part: newer.part, headers: b.headers });
  if (part === null) return null;
  const bytes = new Uint8Array(part.to - part.from + 1);
  bytes.set(older.bytes, older.part.from - part.from);
  bytes.set(newer.bytes, newer.part.from - part.from);
  const asOf = leastPosition(a.asOf, b.asOf);
  const bornAt = older.held.bornAt < newer.held.bornAt ? older.held.bornAt : newer.held.bornAt;
  const sentAt = earliest(older.held.sentAt, newer.held.sentAt);
  const answer: StoredAnswer = {
    ...b,
    headers: withoutHeaders(updatedFields(a.headers, b.headers), DIGESTS_OF_CONTENT),
    asOf,
    part,
    length: bytes.length,
    selectors: allSelectors(a.selectors, b.selectors),
    ageWhenSent: millis(b.ageWhenSent + elapsed(bornAt, newer.held.bornAt)),
  };
  return { held: { answer, bornAt, sentAt, verifiedTo: asOf }, part, bytes };
}

const earliest = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null || b === null ? null : a < b ? a : b;

export type Kept =
  | ({ readonly kind: "part" } & HeldPart)
  | {
      readonly kind: "whole";
      readonly made: Made;
      readonly held: HeldAnswer;
      readonly bytes: Uint8Array<ArrayBuffer>;
    };

/** A complete part is the whole answer, as if it had come in one piece. */
function wholeOf(made: Made, { held, bytes }: HeldPart): Kept {
  const answer: StoredAnswer = {
    ...held.answer,
    status: 200,
    headers: withoutHeaders(held.answer.headers, new Set(["content-range"])),
    part: { kind: "whole" },
  };
  return { kind: "whole", made: { ...made, answer }, held: { ...held, answer }, bytes };
}
