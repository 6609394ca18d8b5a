// How a fetch ends: everybody's answer, a stream for one, word of an error for those who waited; and what is then stored.

import { coverageOf, governingDirectives } from "../shared/core/cache-control.ts";
import { type HeaderList, hasHeader } from "../shared/core/headers.ts";
import { retryAfter } from "../shared/core/retry-after.ts";
import { isOfItsAsker, isOfOneRequest, type RefusalReason } from "../shared/core/storability.ts";
import type { HeldAnswer } from "../shared/core/stored-answer.ts";
import { elapsed, later } from "../shared/core/units.ts";
import { varyNames } from "../shared/core/vary.ts";
import type { OriginOutcome } from "../shared/ports/origin.ts";
import { askersKey, reassured } from "./askers.ts";
import { type FlightControls, FRESH, type LeaderReply } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { countNotStored } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { giveBack } from "./give-back.ts";
import { announce } from "./large/await-beside.ts";
import { isKeepable, isKept, keepInChunks, type Stretch } from "./large/keep-in-chunks.ts";
import { type Exchange, hold, type Made } from "./make-answer.ts";
import { letWaitFor } from "./patience.ts";
import { twoLanes } from "./share-body.ts";
import { type Concerned, concernedBy, tell } from "./tell.ts";
import { leaveMark, storeEverywhere } from "./tiers/store-everywhere.ts";
import { keyFor } from "./variant.ts";

export type Answered = OriginOutcome & { kind: "answer" };

/** What the origin answered, and those who are to be told. */
export type Received = { readonly answered: Answered; readonly controls: FlightControls };

type StreamHead = Omit<LeaderReply & { kind: "stream" }, "kind" | "body">;

export const headOf = ({ right }: Exchange, answered: Answered): StreamHead => ({
  status: answered.status,
  headers: answered.headers,
  stored: right.keeping.kind,
  refused: null,
  fallback: right.fallback,
});

/** Everybody's answer; and where it is whole it is stored, after everybody has it. */
export async function settleAnswer(
  edge: Edge,
  exchange: Exchange,
  given: { controls: FlightControls; made: Made | null; held: HeldAnswer; bytes: Uint8Array<ArrayBuffer> },
): Promise<void> {
  const { controls, made, held, bytes } = given;
  const { receivedAt, job, right } = exchange;
  for (const key of reassured(edge, job, held.answer.headers)) edge.memory.forgetDoubts(key);
  // Nobody is to be given an older answer while this one is being stored.
  if (made !== null && right.keeping.kind !== "nowhere")
    edge.memory.dropOlder(made.key, job.route.rules, held.answer.asOf);
  const decided = { forLeader: FRESH, by: null };
  controls.settle({ kind: "answer", held, body: bytes, from: "origin", ...decided, receivedAt });
  if (made !== null) await storeEverywhere(edge, exchange, { ...made, held, body: bytes });
  else await giveBack(edge, exchange, null);
}

/**
 * Too large to share: in chunks, or else one lane to the client and one into the data centre, from which those who wait
 * take it; not for long, since its client may be slow.
 */
export async function storeLarge(
  edge: Edge,
  exchange: Exchange,
  given: Pick<Stretch, "made" | "source" | "head" | "controls" | "parts">,
): Promise<void> {
  const { source, head, controls } = given;
  const length = source.length ?? 0;
  const { job } = exchange;
  const isLarge = isKeepable(job.route.rules, length);
  if (isLarge) announce(edge, exchange, controls.landed);
  await tell(edge, exchange, isLarge ? "large" : "uncacheable");
  const range = { from: 0, to: length - 1 };
  if (await keepInChunks(edge, exchange, { ...given, range, complete: length })) return;
  if (!isKept(exchange, length)) {
    controls.settle({ kind: "unshared" });
    return controls.deliver({ kind: "stream", ...head, stored: "nowhere", body: { kind: "source", source } });
  }
  return streamNear(edge, exchange, given);
}

type Streaming = Pick<Stretch, "made" | "source" | "head" | "controls">;

/**
 * Small, but more than there is room for beside what others bring: streamed like what is large where that is kept near, and
 * else for its client alone. It says nothing of the key, and another edge may have more room.
 */
export async function streamApart(edge: Edge, exchange: Exchange, given: Streaming): Promise<void> {
  const { source } = given;
  if (source.length === null || !isKept(exchange, source.length)) return withoutRoom(edge, exchange, given);
  exchange.job.request.background.keep(giveBack(edge, exchange, null));
  return streamNear(edge, exchange, given);
}

/** For its client alone: those who waited go for themselves, at once. */
export async function withoutRoom(
  edge: Edge,
  exchange: Exchange,
  { source, head, controls }: Omit<Streaming, "made">,
): Promise<void> {
  countNotStored(exchange.job.route.counters, "no-room");
  controls.settle({ kind: "unshared" });
  const body = { kind: "source", source } as const;
  controls.deliver({ kind: "stream", ...head, stored: "nowhere", refused: "no-room", body });
  return giveBack(edge, exchange, null);
}

async function streamNear(edge: Edge, exchange: Exchange, given: Streaming): Promise<void> {
  const { made, source, head, controls } = given;
  const length = source.length ?? 0;
  const [toClient, toStore] = twoLanes(source, {
    patience: LIMITS.cacheApiDeadline,
    timers: edge.timers,
  });
  const cancel = letWaitFor(edge, exchange, { length, lane: toStore, controls });
  controls.deliver({ kind: "stream", ...head, stored: "near", body: { kind: "source", source: toClient } });
  const held = hold(exchange, { ...made.answer, length });
  if (made.key !== made.primary) edge.memory.markVaries(made.primary, made.mark);
  const storing = edge.dataCentre.store(made.key, held, { kind: "source", source: toStore });
  const isStored = await Promise.race([storing, toStore.lost.then(() => false)]);
  // Of what is left nobody reads anything.
  if (!isStored) toStore.cancel("not stored");
  cancel();
  exchange.job.route.counters.bytesFromOrigin += length;
  if (!isStored) return controls.settle({ kind: "unshared" });
  edge.memory.forgetDoubts(made.key);
  // In memory an older one would hide it.
  edge.memory.dropOlder(made.key, exchange.job.route.rules, held.answer.asOf);
  const { receivedAt } = exchange;
  controls.settle({ kind: "large", held, from: "origin", forLeader: FRESH, by: null, receivedAt });
  return leaveMark(edge.dataCentre, made, held);
}

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
  const isOfOne = reason === "provoked" || isOfOneRequest(status);
  const concerned: Concerned = isOfOne ? "nobody" : concernedBy(exchange);
  const { fallback } = right;
  controls.deliver({ kind: "stream", status, headers, body, stored: "nowhere", refused: reason, fallback });
  // A failing origin is not asked once more by everybody who waited for it. They learn that it has failed and not what
  // it said, which may name whatever the leader's request was sent with (RFC 9111 §4).
  const tells = concerned === "all" && isOfAll(headers);
  const pause = retryAfter(headers, exchange.receivedAtWall);
  controls.settle(
    failed ? { kind: "error", status, retryAfter: pause, tells, fallback } : { kind: "unshared" },
  );
  if (concerned === "nobody") return giveBack(edge, exchange, null);
  // Of an origin that fails those who hold something stale get that, unasked: somebody's credentials must not bring it about.
  if (failed) return tell(edge, exchange, "failing");
  const gone = concerned === "all" && GONE.has(status) && job.request.header("cookie") === null;
  const isForgiven = (isSentAway(edge, exchange, status) && !gone) || reason === "expired";
  return tell(edge, exchange, isForgiven && !isSecond(edge, exchange) ? null : "uncacheable", gone);
}

/**
 * As far as is known the key may still be for all where somebody was sent away, or elsewhere, while something of it is
 * held: one bot that is blocked must not undo what keeps a crowd together.
 */
function isSentAway(edge: Edge, { job, right }: Exchange, status: number): boolean {
  const held =
    job.candidate ?? right.fallback ?? edge.memory.peek(job.route.rules, keyFor(edge, job)) ?? null;
  return status >= 300 && (isOfItsAsker(status) || held !== null);
}

/** In a row, with nothing storable in between; those who waited with the first one have been answered by then. */
function isSecond(edge: Edge, { job, sentAt }: Exchange): boolean {
  const [key, now] = [askersKey(edge, job), edge.clock.now()];
  const isSecond = edge.memory.isDoubtful(key, sentAt);
  edge.memory.doubt(key, later(now, elapsed(sentAt, now)));
  return isSecond;
}

const GONE = new Set([404, 410]);

/** Whether an error tells of everybody who waited for it: nobody's cookie, nobody's variant but in its coding, nothing private. */
function isOfAll(headers: HeaderList): boolean {
  const { directives } = governingDirectives(headers);
  if (coverageOf(directives, "private").kind !== "nothing" || directives.has("no-store")) return false;
  const variants = varyNames(headers).filter((name) => name !== "accept-encoding");
  return !hasHeader(headers, "set-cookie") && variants.length === 0;
}
