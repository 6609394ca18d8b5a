// How a fetch ends: everybody's answer, a stream for one, word of an error for those who waited; and what is then stored.

import { coverageOf, governingDirectives } from "../shared/core/cache-control.ts";
import { type HeaderList, hasHeader } from "../shared/core/headers.ts";
import { retryAfter } from "../shared/core/retry-after.ts";
import { isOfItsAsker, isOfOneRequest, type RefusalReason } from "../shared/core/storability.ts";
import type { HeldAnswer } from "../shared/core/stored-answer.ts";
import { elapsed, later } from "../shared/core/units.ts";
import { varyNames } from "../shared/core/vary.ts";
import type { LeaseMarker } from "../shared/ports/mid-tier.ts";
import type { OriginOutcome } from "../shared/ports/origin.ts";
import { type FlightControls, FRESH, type LeaderReply } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { countNotStored } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { isKept, keepInChunks, type Stretch } from "./large/keep-in-chunks.ts";
import { keyFor } from "./lease.ts";
import { type Exchange, hold, type Made } from "./make-answer.ts";
import type { Right } from "./right.ts";
import { twoLanes } from "./share-body.ts";
import { storeEverywhere } from "./tiers/store-everywhere.ts";

export type Answered = OriginOutcome & { kind: "answer" };

/** What the origin answered, and those who are to be told. */
export type Received = { readonly answered: Answered; readonly controls: FlightControls };

type StreamHead = Omit<LeaderReply & { kind: "stream" }, "kind" | "body">;

export const UNCACHEABLE: LeaseMarker = { kind: "uncacheable", for: LIMITS.uncacheableFor };
export const FAILING: LeaseMarker = { kind: "failing", for: LIMITS.failingFor };

export const headOf = ({ right }: Exchange, answered: Answered): StreamHead => ({
  status: answered.status,
  headers: answered.headers,
  stored: storedBy(right),
  refused: null,
  fallback: right.fallback,
});

/** Where what was fetched by this right will stand. */
function storedBy({ asOf, token, l2Unavailable }: Right): StreamHead["stored"] {
  if (asOf === null) return "nowhere";
  if (token !== null) return "shared";
  return l2Unavailable ? "near" : "nowhere";
}

/** Everybody's answer; and where it is whole it is stored, after everybody has it. */
export async function settleAnswer(
  edge: Edge,
  exchange: Exchange,
  given: { controls: FlightControls; made: Made | null; held: HeldAnswer; bytes: Uint8Array<ArrayBuffer> },
): Promise<void> {
  const { controls, made, held, bytes } = given;
  const { receivedAt, right, job } = exchange;
  // Nobody is to be given an older answer while this one is being stored.
  if (made !== null) edge.memory.dropOlder(made.key, job.route.rules, held.answer.asOf);
  const decided = { forLeader: FRESH, by: null };
  controls.settle({ kind: "answer", held, body: bytes, from: "origin", ...decided, receivedAt });
  if (made === null) return right.giveBack(null);
  const { rules, counters } = job.route;
  await storeEverywhere(edge, { ...made, held, body: bytes, right, rules, counters });
}

/**
 * Too large to share: in chunks, or else one lane to the client and one into the data centre, from which those who wait
 * take it; not for long, since its client may be slow.
 */
export async function storeLarge(
  edge: Edge,
  exchange: Exchange,
  given: Pick<Stretch, "made" | "source" | "head" | "controls" | "inParts">,
): Promise<void> {
  const { made, source, head, controls } = given;
  const length = source.length ?? 0;
  await exchange.right.giveBack(UNCACHEABLE);
  const range = { from: 0, to: length - 1 };
  if (await keepInChunks(edge, exchange, { ...given, range, complete: length })) return;
  if (!isKept(exchange, length)) {
    controls.settle({ kind: "unshared" });
    return controls.deliver({ kind: "stream", ...head, stored: "nowhere", body: { kind: "source", source } });
  }
  const cancel = edge.timers.after(LIMITS.largePatience, () => controls.settle({ kind: "unshared" }));
  const [toClient, toStore] = twoLanes(source);
  controls.deliver({ kind: "stream", ...head, stored: "near", body: { kind: "source", source: toClient } });
  const held = hold(exchange, { ...made.answer, length });
  if (made.key !== made.primary) edge.memory.markVaries(made.primary, made.mark);
  const isStored = await edge.dataCentre.store(made.key, held, { kind: "source", source: toStore });
  cancel();
  exchange.job.route.counters.bytesFromOrigin += length;
  if (!isStored) return controls.settle({ kind: "unshared" });
  // In memory an older one would hide it.
  edge.memory.dropOlder(made.key, exchange.job.route.rules, held.answer.asOf);
  const { receivedAt } = exchange;
  controls.settle({ kind: "large", held, from: "origin", forLeader: FRESH, by: null, receivedAt });
}

/** What one range got, or somebody's credentials, says nothing of what everybody would get. */
export const speaksForAll = ({ job }: Exchange): boolean =>
  job.lease === "wait" && job.request.header("authorization") === null;

/** What is not stored is nobody else's: the leader streams it, everybody else goes alone and is not held up again. */
export async function passOn(
  edge: Edge,
  exchange: Exchange,
  given: Received & { reason: RefusalReason | null },
): Promise<void> {
  const { answered, controls, reason } = given;
  const { right, job } = exchange;
  const { status, headers, body } = answered;
  const failed = status >= 500;
  if (reason !== null) countNotStored(job.route.counters, reason);
  const forAll = speaksForAll(exchange) && reason !== "provoked" && !isOfOneRequest(status);
  const isMarked = !failed && forAll && markKey(edge, exchange, { status, reason });
  const { fallback } = right;
  controls.deliver({ kind: "stream", status, headers, body, stored: "nowhere", refused: reason, fallback });
  // A failing origin is not asked once more by everybody who waited for it. They learn that it has failed and not what
  // it said, which may name whatever the leader's request was sent with (RFC 9111 §4).
  const tells = forAll && isOfAll(headers);
  const pause = retryAfter(headers, exchange.receivedAtWall);
  controls.settle(
    failed ? { kind: "error", status, retryAfter: pause, tells, fallback } : { kind: "unshared" },
  );
  // Of an origin that fails those who hold something stale get that, unasked: somebody's credentials must not bring it about.
  if (failed) return right.giveBack(forAll ? FAILING : null);
  return right.giveBack(isMarked ? UNCACHEABLE : null);
}

/**
 * Whether nobody is to wait for the key for a while. As far as is known it may still be for all where somebody was sent
 * away, or elsewhere, while something of it is held: one bot that is blocked must not undo what keeps a crowd together.
 * The second in a row, with nothing storable in between, does; those who waited with the first have been answered by then.
 */
function markKey(
  edge: Edge,
  { job, right, sentAt }: Exchange,
  { status, reason }: { readonly status: number; readonly reason: RefusalReason | null },
): boolean {
  const { memory } = edge;
  const key = keyFor(edge, job);
  const now = edge.clock.now();
  const gone = GONE.has(status) && job.request.header("cookie") === null;
  const held = job.candidate ?? right.fallback ?? memory.peek(job.route.rules, key) ?? null;
  const sentAway = status >= 300 && !gone && (isOfItsAsker(status) || held !== null);
  // Another cache on its way has served it stale: the next one need not be.
  const forgiven = sentAway || reason === "expired";
  if (forgiven && !memory.isDoubtful(key, sentAt)) {
    memory.doubt(key, later(now, elapsed(sentAt, now)));
    return false;
  }
  memory.markUncacheable(key, later(now, LIMITS.uncacheableFor), gone);
  return true;
}

const GONE = new Set([404, 410]);

/** Whether an error tells of everybody who waited for it: nobody's cookie, nobody's variant but in its coding, nothing private. */
function isOfAll(headers: HeaderList): boolean {
  const { directives } = governingDirectives(headers);
  if (coverageOf(directives, "private").kind !== "nothing" || directives.has("no-store")) return false;
  const variants = varyNames(headers).filter((name) => name !== "accept-encoding");
  return !hasHeader(headers, "set-cookie") && variants.length === 0;
}
