// Asks the origin under a lease or without one, streams its answer to whoever waits, and stores what may be stored.

import { governingDirectives } from "../shared/core/cache-control.ts";
import { type HeaderList, hasHeader, headerValue } from "../shared/core/headers.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import { later } from "../shared/core/units.ts";
import { type Body, type ByteSource, NO_BODY } from "../shared/ports/body.ts";
import type { LeaseMarker } from "../shared/ports/mid-tier.ts";
import type { OriginOutcome } from "../shared/ports/origin.ts";
import { type FlightControls, FRESH, type LeaderReply } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { classCounters } from "./counters.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import type { Right } from "./lease.ts";
import { type Exchange, hold, judgeStorability, type Made } from "./make-answer.ts";
import { sharedRequestHeaders } from "./origin-request.ts";
import { collectWhileStreaming, twoLanes } from "./share-body.ts";
import { freshenedHeaders, variedNames } from "./stored-headers.ts";
import { storeEverywhere } from "./tiers/store-everywhere.ts";

type Answered = OriginOutcome & { kind: "answer" };

type StreamHead = Omit<LeaderReply & { kind: "stream" }, "kind" | "body">;

const UNCACHEABLE: LeaseMarker = { kind: "uncacheable", for: LIMITS.uncacheableFor };
const FAILING: LeaseMarker = { kind: "failing", for: LIMITS.failingFor };

export async function fetchAndStore(
  edge: Edge,
  job: FlightJob,
  given: { right: Right; controls: FlightControls },
): Promise<void> {
  const { right, controls } = given;
  const validators = right.validators?.held.answer ?? null;
  const sentAt = edge.clock.now();
  const answered = await askOrigin(edge, job, sharedRequestHeaders(job.request, validators));
  const exchange: Exchange = {
    job,
    right,
    sentAt,
    receivedAt: edge.clock.now(),
    receivedAtWall: edge.clock.wall(),
  };
  if (answered.kind === "unreachable") {
    controls.settle({ kind: "failed", reason: answered.reason, fallback: right.fallback });
    return right.giveBack(FAILING);
  }
  if (answered.status === 304 && right.validators !== null) {
    const made = confirmedAnswer(edge, exchange, answered);
    if (made !== null) return freshen(edge, exchange, { answered, controls, made });
    // A 304 for another representation than ours, or one that forbids to store it any longer: the whole is fetched.
    return fetchAndStore(edge, job, { right: { ...right, validators: null }, controls });
  }
  return receive(edge, exchange, { answered, controls });
}

/** Counts what reaches the origin, and how much of it at a time. */
export async function askOrigin(
  edge: Edge,
  job: Pick<FlightJob, "route">,
  headers: HeaderList,
): Promise<OriginOutcome> {
  const { counters } = edge;
  classCounters(counters, job.route.rules.name).originFetches += 1;
  counters.originConcurrent += 1;
  counters.originConcurrentMax = Math.max(counters.originConcurrentMax, counters.originConcurrent);
  const outcome = await edge.origin.fetch({
    method: "GET",
    url: job.route.href,
    headers,
    body: NO_BODY,
    deadline: LIMITS.originDeadline,
  });
  counters.originConcurrent -= 1;
  if (outcome.kind === "unreachable") counters.tiers.origin.errors += 1;
  else counters.tiers.origin.hits += 1;
  return outcome;
}

function confirms(headers: HeaderList, stored: StoredAnswer): boolean {
  const theirs = headerValue(headers, "etag");
  const ours = headerValue(stored.headers, "etag");
  return theirs === null || ours === null || weak(theirs) === weak(ours);
}

const weak = (etag: string): string => etag.replace(/^W\//, "");

type Given = { readonly answered: Answered; readonly controls: FlightControls };

/** The stored answer as a 304 leaves it, if that may be stored; null where it may not, or was not what the 304 meant. */
function confirmedAnswer(edge: Edge, exchange: Exchange, answered: Answered): Made | null {
  const stored = exchange.right.validators?.held.answer;
  if (stored === undefined || !confirms(answered.headers, stored)) return null;
  const headers = freshenedHeaders(stored.headers, answered.headers);
  const cookies = answered.headers.filter(([name]) => name === "set-cookie");
  const received = { status: stored.status, headers: [...headers, ...cookies], arrived: answered.headers };
  return judgeStorability(edge, exchange, received);
}

/** RFC 9111 §4.3.4: the stored answer lives on, with the as-of of the request that confirmed it. */
async function freshen(edge: Edge, exchange: Exchange, given: Given & { made: Made }): Promise<void> {
  const { controls, made } = given;
  const candidate = exchange.right.validators;
  if (candidate === null || candidate.body.kind !== "bytes") return controls.settle({ kind: "unshared" });
  const selectors = [...new Set([...candidate.held.answer.selectors, ...made.answer.selectors])];
  const { bytes } = candidate.body;
  const held = hold(exchange, { ...made.answer, selectors, length: bytes.length });
  const { receivedAt } = exchange;
  controls.settle({ kind: "answer", held, body: bytes, from: "origin", forLeader: FRESH, receivedAt });
  await storeEverywhere(edge, {
    ...made,
    held,
    body: bytes,
    right: exchange.right,
    rules: exchange.job.route.rules,
  });
}

async function receive(edge: Edge, exchange: Exchange, given: Given): Promise<void> {
  const { answered, controls } = given;
  const made = judgeStorability(edge, exchange, answered);
  if (made === null) return passOn(edge, exchange, given);
  const { body } = answered;
  const source =
    body.kind === "source" ? body.source : emptySource(body.kind === "bytes" ? body.bytes : null);
  const head: StreamHead = {
    status: answered.status,
    headers: answered.headers,
    stored: exchange.right.asOf === null ? "nowhere" : "shared",
    fallback: exchange.right.fallback,
  };
  if (source.length !== null && source.length > LIMITS.sharedBody) {
    controls.settle({ kind: "unshared" });
    return storeLarge(edge, exchange, { made, source, head, controls });
  }
  const { client, collected, finished } = collectWhileStreaming(source, LIMITS.sharedBody);
  const streamed: Body = body.kind === "none" ? NO_BODY : { kind: "source", source: client };
  controls.deliver({ kind: "stream", ...head, body: streamed });
  // An answer that is stale on arrival and has no stale window is for one request only: nobody waits for it.
  if (made.answer.fresh === 0 && made.answer.staleWhileRevalidate === 0)
    controls.settle({ kind: "unshared" });
  const result = await collected;
  if (result.kind !== "whole") {
    const { fallback } = exchange.right;
    controls.settle(
      result.kind === "large" ? { kind: "unshared" } : { kind: "failed", reason: "broken", fallback },
    );
    await exchange.right.giveBack(result.kind === "large" ? UNCACHEABLE : FAILING);
    return finished;
  }
  edge.counters.bytesFromOrigin += result.bytes.length;
  const held = hold(exchange, { ...made.answer, length: result.bytes.length });
  controls.settle({
    kind: "answer",
    held,
    body: result.bytes,
    from: "origin",
    forLeader: FRESH,
    receivedAt: exchange.receivedAt,
  });
  await storeEverywhere(edge, {
    ...made,
    held,
    body: result.bytes,
    right: exchange.right,
    rules: exchange.job.route.rules,
  });
}

/** Too large to share: one lane to the client, one into the data centre's cache; nobody waits, here or elsewhere. */
async function storeLarge(
  edge: Edge,
  exchange: Exchange,
  given: {
    made: Made;
    source: ByteSource;
    head: StreamHead;
    controls: FlightControls;
  },
): Promise<void> {
  const { made, source, head, controls } = given;
  const { rules } = exchange.job.route;
  const length = source.length ?? 0;
  await exchange.right.giveBack(UNCACHEABLE);
  if (rules.cacheApi === "none" || length > LIMITS.largestStored || exchange.right.asOf === null) {
    return controls.deliver({ kind: "stream", ...head, stored: "nowhere", body: { kind: "source", source } });
  }
  const [toClient, toStore] = twoLanes(source);
  controls.deliver({ kind: "stream", ...head, stored: "near", body: { kind: "source", source: toClient } });
  const held = hold(exchange, { ...made.answer, length });
  await edge.dataCentre.store(made.key, held, { kind: "source", source: toStore });
  edge.counters.bytesFromOrigin += length;
}

/** What is not stored is nobody else's: the leader streams it, everybody else goes alone and is not held up again. */
async function passOn(edge: Edge, exchange: Exchange, given: Given): Promise<void> {
  const { answered, controls } = given;
  const { right, job } = exchange;
  const { status, headers, body } = answered;
  const failed = status >= 500;
  if (failed && isForAll(headers) && body.kind === "source") return shareError(exchange, given, body.source);
  if (!failed) {
    const until = later(edge.clock.now(), LIMITS.uncacheableFor);
    edge.memory.mark(job.route.key, { kind: "uncacheable", until });
  }
  controls.deliver({ kind: "stream", status, headers, body, stored: "nowhere", fallback: right.fallback });
  controls.settle({ kind: "unshared" });
  return right.giveBack(failed ? FAILING : UNCACHEABLE);
}

/** A failing origin is not asked once more by everybody who waited for it: they get what it said. */
async function shareError(
  exchange: Exchange,
  { answered, controls }: Given,
  source: ByteSource,
): Promise<void> {
  const { fallback } = exchange.right;
  const { status, headers } = answered;
  const { client, collected, finished } = collectWhileStreaming(source, LIMITS.sharedErrorBody);
  controls.deliver({
    kind: "stream",
    status,
    headers,
    body: { kind: "source", source: client },
    stored: "nowhere",
    fallback,
  });
  const result = await collected;
  if (result.kind === "whole")
    controls.settle({ kind: "error", status, headers, body: result.bytes, fallback });
  else if (result.kind === "large") controls.settle({ kind: "unshared" });
  else controls.settle({ kind: "failed", reason: "broken", fallback });
  await exchange.right.giveBack(FAILING);
  return finished;
}

/** Whether an error may be handed to everybody who waited for it: nobody's cookie, nobody's variant, nothing private. */
function isForAll(headers: HeaderList): boolean {
  const { directives } = governingDirectives(headers);
  if (directives.has("private") || directives.has("no-store")) return false;
  return !hasHeader(headers, "set-cookie") && variedNames(headers).length === 0;
}

const emptySource = (bytes: Uint8Array | null): ByteSource => {
  let left = bytes;
  return {
    length: bytes?.length ?? 0,
    async read() {
      const piece = left;
      left = null;
      return piece !== null && piece.length > 0 ? piece : null;
    },
    cancel() {
      left = null;
    },
  };
};
