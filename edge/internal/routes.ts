// What lies below `/.tidegate/`: pushes, gossip, status, warm-up and what it reads, for those who hold the cluster's key.

import { coherenceOf, knownAge } from "../../shared/core/log-view.ts";
import { comparePositions, formatPosition, type Position } from "../../shared/core/position.ts";
import { elapsed, millis } from "../../shared/core/units.ts";
import type { Background } from "../../shared/ports/clock.ts";
import { CLOCK_PATH, type ClockReply } from "../../shared/wire/clock.ts";
import { CLOCK_SHIFT_PATH, decodeClockShift } from "../../shared/wire/clock-shift.ts";
import { DOCUMENT_PATH, decodeDocumentCall } from "../../shared/wire/document.ts";
import { decodeExplainCall, EXPLAIN_PATH } from "../../shared/wire/explain.ts";
import { decodeFlush, FLUSH_PATH } from "../../shared/wire/flush.ts";
import { decodeQuestion, encodeTold, GOSSIP_PATH } from "../../shared/wire/gossip.ts";
import { decodeHeldCall, HELD_PATH } from "../../shared/wire/held.ts";
import {
  type Acknowledgement,
  decodeEstimateCall,
  decodePush,
  decodeStatusCall,
  decodeWarm,
  ESTIMATE_PATH,
  type EstimateReply,
  PUSH_PATH,
  STATUS_PATH,
  type StatusReport,
  WARM_PATH,
  type WarmReply,
} from "../../shared/wire/internal.ts";
import { decodeRenew, RENEW_PATH } from "../../shared/wire/renewal.ts";
import type { SignatureChecker } from "../../shared/wire/signature.ts";
import { decodeWrites, encodeWritesReply, WRITES_PATH } from "../../shared/wire/told-writes.ts";
import { countedOf } from "../audit/sampler.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { learnHot } from "../hot/learn-hot.ts";
import { renewAll } from "../refresh/renew.ts";
import { renewalOf } from "../refresh/renewal-of.ts";
import { kickFlush } from "../writes/flush.ts";
import { tellItself } from "../writes/tell-log.ts";
import { lookIntoMemory } from "./estimate.ts";
import { explain } from "./explain.ts";
import { flatCounters } from "./flat-counters.ts";
import { lookForHeld } from "./look-for-held.ts";
import { readDocument } from "./read-document.ts";
import { requestFor, warm } from "./warm.ts";

export interface InternalRequest {
  readonly method: string;
  readonly path: string;
  readonly signature: string | null;
  readonly body: string;
  readonly background: Background;
}

export interface InternalEdge {
  readonly edge: Edge;
  readonly checker: SignatureChecker;
  readonly boot: string;
  readonly region: string;
  readonly version: string | null;
  /** How wrong its wall clock is on purpose; null where nobody may make it so. */
  readonly skew: { ms: number } | null;
}

type InternalReply = { readonly status: number; readonly json: unknown };

export const NOT_FOUND: InternalReply = { status: 404, json: { title: "Not Found", status: 404 } };
const BAD_MESSAGE: InternalReply = { status: 400, json: { title: "Bad Request", status: 400 } };

export interface SignedReply {
  readonly status: number;
  readonly text: string;
  /** Null where nobody showed that he may know that something is here. */
  readonly signature: string | null;
}

/** As it goes over the wire: whoever asked can tell that it is ours, and an answer to this very request. */
export async function answerInternal(internal: InternalEdge, request: InternalRequest): Promise<SignedReply> {
  const { status, json } = await handleInternal(internal, request);
  const text = JSON.stringify(json);
  const signature =
    status === 200 && request.signature !== null
      ? await internal.checker.signReply(request.signature, text)
      : null;
  return { status, text, signature };
}

/** Anything unsigned is answered as if nothing were here. */
async function handleInternal(internal: InternalEdge, request: InternalRequest): Promise<InternalReply> {
  const { edge, checker, skew } = internal;
  // Or nobody could set a clock right that is wrong by more than a signature's age.
  const wrongBy = request.path === CLOCK_SHIFT_PATH ? (skew?.ms ?? 0) : 0;
  const verdict = await checker.check(request, request.signature, edge.clock.wall() - wrongBy);
  const asked = `${request.method} ${request.path}`;
  // What time it is here is told however wrong that is: else it would look like an edge that is away.
  const isAnswered =
    asked === `POST ${CLOCK_PATH}` && verdict.kind === "refused" && verdict.reason === "too old";
  if (verdict.kind === "refused" && !isAnswered) return NOT_FOUND;
  switch (asked) {
    case `POST ${PUSH_PATH}`:
      return receivePush(edge, request);
    case `GET ${STATUS_PATH}`:
      return plainStatus(internal, request);
    case `POST ${STATUS_PATH}`:
      return takeStatusCall(internal, request);
    case `POST ${GOSSIP_PATH}`:
      return gossip(edge, request);
    case `POST ${WRITES_PATH}`:
      return tellForPeer(edge, request);
    case `POST ${ESTIMATE_PATH}`:
      return estimate(edge, request);
    case `POST ${EXPLAIN_PATH}`:
      return explainOne(edge, request);
    case `POST ${WARM_PATH}`:
      return warmUp(edge, request);
    case `POST ${FLUSH_PATH}`:
      return takeFlushCall(edge, request);
    case `POST ${DOCUMENT_PATH}`:
      return document(edge, request);
    case `POST ${HELD_PATH}`:
      return held(edge, request);
    case `POST ${CLOCK_PATH}`:
      return { status: 200, json: { edge: edge.id, wall: edge.clock.wall() } satisfies ClockReply };
    case `POST ${RENEW_PATH}`:
      return renew(edge, request);
    case `POST ${CLOCK_SHIFT_PATH}`:
      return shiftClock(internal, request);
    default:
      return NOT_FOUND;
  }
}

function shiftClock({ edge, skew }: InternalEdge, request: InternalRequest): InternalReply {
  if (skew === null) return NOT_FOUND;
  const shiftMs = decodeClockShift(request.body);
  if (shiftMs === null) return BAD_MESSAGE;
  skew.ms = shiftMs;
  return { status: 200, json: { edge: edge.id, wall: edge.clock.wall() } satisfies ClockReply };
}

/**
 * What lies beyond a gap counts for reading at once; it is acknowledged when the pull that it starts has closed the gap.
 * A cursor beyond it is not enough: it may stand in what the log has lost.
 */
async function receivePush(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const entries = decodePush(request.body);
  if (entries === null) return BAD_MESSAGE;
  const { view, clock, timers } = edge;
  const arrival = { at: clock.now(), ticket: view.ticket() };
  const [newest = null] = [...entries].sort((a, b) => comparePositions(b, a));
  const holds = (): boolean => newest === null || view.includes(newest, arrival.ticket);
  view.receive(entries, request.background);
  if (!holds())
    await Promise.race([view.renew(arrival, holds, request.background), timers.sleep(LIMITS.pushPatience)]);
  const told = acknowledgement(edge);
  return {
    status: 200,
    json: holds() || isShort(view.position(), newest) ? told : { ...told, position: null },
  };
}

const isShort = (position: Position | null, of: Position | null): boolean =>
  position !== null && of !== null && comparePositions(position, of) < 0;

function acknowledgement(edge: Edge): Acknowledgement {
  const position = edge.view.position();
  return { edge: edge.id, position: position === null ? null : formatPosition(position) };
}

async function gossip(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const question = decodeQuestion(request.body);
  if (question === null) return BAD_MESSAGE;
  return { status: 200, json: encodeTold(await edge.view.tell(question, request.background)) };
}

/** By ourselves or not at all: whoever asked us asks others too. */
async function tellForPeer(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const call = decodeWrites(request.body);
  if (call === null || call.writes.length > LIMITS.writesTold) return BAD_MESSAGE;
  const told = await tellItself(edge, call, request.background);
  if (told === null || told === "away") return { status: 200, json: encodeWritesReply(null) };
  edge.view.receive(told.entries, request.background);
  return { status: 200, json: encodeWritesReply(told) };
}

async function plainStatus(internal: InternalEdge, request: InternalRequest): Promise<InternalReply> {
  const report = await statusOf(internal, request.background);
  const { counters } = flatCounters(internal.edge);
  return { status: 200, json: { ...report, counters } satisfies StatusReport };
}

async function takeStatusCall(internal: InternalEdge, request: InternalRequest): Promise<InternalReply> {
  const call = decodeStatusCall(request.body);
  if (call === null) return BAD_MESSAGE;
  const { edge } = internal;
  const began = edge.clock.now();
  edge.peers.named(call.peers.slice(0, LIMITS.peers), began);
  edge.sampler.watch(call.watch);
  if (call.hot.keys !== null) await learnHot(edge, call.hot.keys);
  if (call.entries.length > 0) edge.view.receive(call.entries, request.background);
  const report = await statusOf(internal, request.background, call.patience);
  request.background.keep(lookForCopies(edge));
  const now = edge.clock.now();
  // Taken last: the ages in it count from here.
  const audit = edge.sampler.report(now, countedOf(call.counted, internal.boot));
  const hot = edge.heat.report(countedOf(call.hot.counted, internal.boot), (key) => renewalOf(edge, key));
  const observed = edge.observed.report(countedOf(call.observed ?? null, internal.boot), now);
  // Before whoever watches from now on is known: what was kept for the others is theirs still.
  const tail = edge.tail.report(now, () => edge.random.unit());
  edge.tail.watch(call.tail ?? [], now);
  const distinct = edge.distinct.report();
  const { counters, sums } = flatCounters(edge, edge.counterReports.isTold);
  const taken = countedOf(call.folded ?? null, internal.boot);
  const counted = edge.counterReports.report(counters, taken, sums);
  const tookMs = elapsed(began, now);
  const more = { ...counted, audit, hot, observed, tail, distinct, tookMs };
  return { status: 200, json: { ...report, ...more } satisfies StatusReport };
}

/** Of what has been purged since nobody misses a copy. */
function lookForCopies(edge: Edge): Promise<void> {
  const view = edge.view.current();
  return edge.lookForCopies(({ asOf, selectors }) => {
    const kind = view === null ? null : coherenceOf(view, asOf, selectors).kind;
    return kind === "hard" || kind === "other-epoch";
  });
}

/** The tick's beat: an edge without traffic learns the log here. */
async function statusOf(
  internal: InternalEdge,
  background: Background,
  patience: number | null = null,
): Promise<Omit<StatusReport, "counters">> {
  const { edge } = internal;
  const caughtUp = edge.view.catchUp(background);
  await (patience === null ? caughtUp : Promise.race([caughtUp, edge.timers.sleep(millis(patience))]));
  const view = edge.view.current();
  return {
    ...acknowledgement(edge),
    boot: internal.boot,
    region: internal.region,
    version: internal.version,
    aliveMs: elapsed(edge.bornAt, edge.clock.now()),
    knownAgeMs: view === null ? null : Math.min(Number.MAX_SAFE_INTEGER, knownAge(view, edge.clock.now())),
    memoryBytes: edge.memory.bytesUsed,
    memoryEntries: edge.memory.entries,
    audit: null,
    hot: null,
    tookMs: 0,
  };
}

function estimate(edge: Edge, request: InternalRequest): InternalReply {
  const selectors = decodeEstimateCall(request.body);
  if (selectors === null) return BAD_MESSAGE;
  const reply: EstimateReply = { edge: edge.id, ...lookIntoMemory(edge, selectors) };
  return { status: 200, json: reply };
}

async function explainOne(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const target = decodeExplainCall(request.body);
  if (target === null) return BAD_MESSAGE;
  const asked = requestFor(edge, request.background, { target, purpose: "client" });
  return { status: 200, json: await explain(edge, asked) };
}

/** Begun, and no more: what becomes of it the journal tells. */
function takeFlushCall(edge: Edge, request: InternalRequest): InternalReply {
  const places = decodeFlush(request.body);
  if (places === null) return BAD_MESSAGE;
  for (const place of places) kickFlush(edge, place, request.background);
  return { status: 200, json: acknowledgement(edge) };
}

async function warmUp(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const message = decodeWarm(request.body);
  if (message === null || message.urls.length > LIMITS.warmupBatch) return BAD_MESSAGE;
  const results = await warm(edge, request.background, message);
  const reply: WarmReply = { ...acknowledgement(edge), results };
  return { status: 200, json: reply };
}

async function renew(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const message = decodeRenew(request.body);
  if (message === null || message.targets.length > LIMITS.warmupBatch) return BAD_MESSAGE;
  return { status: 200, json: { results: await renewAll(edge, request.background, message) } };
}

async function document(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const call = decodeDocumentCall(request.body);
  if (call === null) return BAD_MESSAGE;
  return { status: 200, json: await readDocument(edge, request.background, call) };
}

async function held(edge: Edge, request: InternalRequest): Promise<InternalReply> {
  const targets = decodeHeldCall(request.body);
  if (targets === null || targets.length > LIMITS.heldLooks) return BAD_MESSAGE;
  return { status: 200, json: await lookForHeld(edge, request.background, targets) };
}
