// Asks the origin under a lease or without one, streams its answer to whoever waits, and stores what may be stored.

import { governingDirectives } from "../shared/core/cache-control.ts";
import { type HeaderList, hasHeader, headerValue } from "../shared/core/headers.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import { elapsed, later, type Millis, millis } from "../shared/core/units.ts";
import { type ByteSource, NO_BODY } from "../shared/ports/body.ts";
import type { OriginOutcome } from "../shared/ports/origin.ts";
import { type FlightControls, FRESH } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { classCounters } from "./counters.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import type { Right } from "./lease.ts";
import { type Exchange, hold, judgeStorability, type Made, makeAnswer, originAge } from "./make-answer.ts";
import { sharedRequestHeaders } from "./origin-request.ts";
import { collectWhileStreaming, readWhole, twoLanes } from "./share-body.ts";
import { freshenedHeaders } from "./stored-headers.ts";
import { storeEverywhere } from "./tiers/store-everywhere.ts";

type Answered = OriginOutcome & { kind: "answer" };

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
    controls.settle({ kind: "failed", reason: answered.reason });
    return right.giveBack(null);
  }
  if (answered.status === 304 && right.validators !== null) {
    if (confirms(answered.headers, right.validators.held.answer))
      return freshen(edge, exchange, { answered, controls });
    // A 304 for another representation than ours: our copy can't be confirmed, so the whole is fetched.
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

/** RFC 9111 §4.3.4: the stored answer lives on, with the as-of of the request that confirmed it. */
async function freshen(edge: Edge, exchange: Exchange, { answered, controls }: Given): Promise<void> {
  const candidate = exchange.right.validators;
  if (candidate === null || candidate.body.kind !== "bytes") return controls.settle({ kind: "unshared" });
  const headers = freshenedHeaders(candidate.held.answer.headers, answered.headers);
  const { status } = candidate.held.answer;
  const made = makeAnswer(edge, exchange, { status, headers, arrived: answered.headers });
  if (made === null) {
    controls.settle({ kind: "unshared" });
    return exchange.right.giveBack(null);
  }
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
  const made =
    answered.body.kind === "none" && answered.status === 200
      ? null
      : judgeStorability(edge, exchange, answered);
  const age = millis(originAge(exchange, answered) + elapsed(exchange.sentAt, exchange.receivedAt));
  if (made === null) return passOn(edge, exchange, given);
  const { body } = answered;
  const source =
    body.kind === "source" ? body.source : emptySource(body.kind === "bytes" ? body.bytes : null);
  const head = { status: answered.status, headers: answered.headers, stored: true, age };
  if (source.length !== null && source.length > LIMITS.sharedBody) {
    controls.settle({ kind: "unshared" });
    return storeLarge(edge, exchange, { made, source, head, controls });
  }
  const { client, collected, finished } = collectWhileStreaming(source, LIMITS.sharedBody);
  controls.deliver({ kind: "stream", ...head, body: { kind: "source", source: client } });
  // An answer that is stale on arrival and has no stale window is for one request only: nobody waits for it.
  if (made.answer.fresh === 0 && made.answer.staleWhileRevalidate === 0)
    controls.settle({ kind: "unshared" });
  const result = await collected;
  if (result.kind !== "whole") {
    controls.settle(result.kind === "large" ? { kind: "unshared" } : { kind: "failed", reason: "broken" });
    await exchange.right.giveBack(result.kind === "large" ? LIMITS.uncacheableFor : null);
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
    head: { status: number; headers: HeaderList; stored: boolean; age: Millis };
    controls: FlightControls;
  },
): Promise<void> {
  const { made, source, head, controls } = given;
  const { rules } = exchange.job.route;
  const length = source.length ?? 0;
  await exchange.right.giveBack(LIMITS.uncacheableFor);
  if (rules.cacheApi === "none" || length > LIMITS.largestStored || exchange.right.asOf === null) {
    return controls.deliver({ kind: "stream", ...head, stored: false, body: { kind: "source", source } });
  }
  const [toClient, toStore] = twoLanes(source);
  controls.deliver({ kind: "stream", ...head, body: { kind: "source", source: toClient } });
  const held = hold(exchange, { ...made.answer, length });
  await edge.dataCentre.store(made.key, held, { kind: "source", source: toStore });
  edge.counters.bytesFromOrigin += length;
}

/** What is not stored is nobody else's: the leader streams it, everybody else goes alone and is not held up again. */
async function passOn(edge: Edge, exchange: Exchange, { answered, controls }: Given): Promise<void> {
  const { right, job } = exchange;
  const age = millis(originAge(exchange, answered) + elapsed(exchange.sentAt, exchange.receivedAt));
  const failed = answered.status >= 500;
  if (failed && isForAll(answered.headers) && answered.body.kind === "source") {
    const length = answered.body.source.length;
    if (length !== null && length <= LIMITS.sharedErrorBody) {
      const body = await readWhole(answered.body.source, LIMITS.sharedErrorBody);
      if (body === null) controls.settle({ kind: "failed", reason: "broken" });
      else controls.settle({ kind: "error", status: answered.status, headers: answered.headers, body });
      return right.giveBack(null);
    }
  }
  if (!failed)
    edge.memory.mark(job.route.key, {
      kind: "uncacheable",
      until: later(edge.clock.now(), LIMITS.uncacheableFor),
    });
  controls.deliver({
    kind: "stream",
    status: answered.status,
    headers: answered.headers,
    body: answered.body,
    stored: false,
    age,
  });
  controls.settle({ kind: "unshared" });
  return right.giveBack(failed ? null : LIMITS.uncacheableFor);
}

/** Whether an error may be handed to everybody who waited for it: nobody's cookie, nobody's variant. */
const isForAll = (headers: HeaderList): boolean =>
  !hasHeader(headers, "set-cookie") &&
  !hasHeader(headers, "vary") &&
  !governingDirectives(headers).directives.has("private");

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
