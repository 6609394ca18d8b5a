// Asks the origin under a lease or without one, streams its answer to whoever waits, and stores what may be stored.

import { isInChunks } from "../shared/core/chunks.ts";
import { sameByValidators, strongEtag } from "../shared/core/conditional.ts";
import { staleMayStandIn } from "../shared/core/freshness.ts";
import { missing } from "../shared/core/part.ts";
import { canBeValidated } from "../shared/core/storability.ts";
import type { HeldAnswer, StoredAnswer } from "../shared/core/stored-answer.ts";
import { type Body, NO_BODY } from "../shared/ports/body.ts";
import type { Unreachable } from "../shared/ports/origin.ts";
import { reassured } from "./askers.ts";
import { type FlightControls, FRESH } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { discard } from "./content.ts";
import { bothEnds } from "./count.ts";
import { countNotStored, type OriginReason } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { type FlightJob, priorityOf } from "./flight-job.ts";
import { giveBack } from "./give-back.ts";
import { isKept, type Stretch } from "./large/keep-in-chunks.ts";
import { type Exchange, hold, judgeStorability, type Made } from "./make-answer.ts";
import { askForAll, saidBy } from "./origin/ask.ts";
import { type Asking, sharedRequestHeaders } from "./origin-request.ts";
import { dropPart, findPart } from "./parts.ts";
import { bringShared } from "./patience.ts";
import { completePart, receivePart } from "./receive-part.ts";
import { countRefresh } from "./refresh/count.ts";
import type { Right } from "./right.ts";
import {
  type Answered,
  headOf,
  passOn,
  type Received,
  settleAnswer,
  storeLarge,
  streamApart,
} from "./settle.ts";
import { sourceOf } from "./share-body.ts";
import { standbyFor } from "./standby.ts";
import { freshenedHeaders } from "./stored-headers.ts";
import { tell } from "./tell.ts";

export async function fetchAndStore(
  edge: Edge,
  job: FlightJob,
  given: { right: Right; controls: FlightControls },
): Promise<void> {
  const { right, controls } = given;
  const plan = planOf(edge, job, right);
  const sentAt = edge.clock.now();
  const priority = priorityOf(job);
  const headers = sharedRequestHeaders(job, plan);
  const { asks: kind, announced } = right;
  const reason = reasonOf(job, plan, kind);
  const answered = await askForAll(edge, job.route, { headers, kind, priority, reason });
  edge.timings?.noteFlown(job, "origin", { since: sentAt, ...saidBy(answered) });
  if (answered.kind === "answer") announced?.answered();
  const exchange: Exchange = {
    job,
    right,
    sentAt,
    receivedAt: edge.clock.now(),
    receivedAtWall: edge.clock.wall(),
  };
  if (answered.kind === "shed") {
    countRefresh(job, "shed");
    controls.settle({ ...answered, priority, fallback: right.fallback });
    // The origin was not asked: others may have more luck, and nobody is to be kept from trying.
    return giveBack(edge, exchange, null);
  }
  if (answered.kind === "unreachable") return fail(edge, exchange, { controls, reason: answered.reason });
  if (answered.status === 304 && plan.kind === "validate") {
    const made = confirmedAnswer(edge, exchange, answered);
    if (made !== null) {
      countRefresh(job, "confirmed");
      return freshen(edge, exchange, { answered, controls, made });
    }
    // A 304 for another representation than ours, or one that forbids to store it any longer: the whole is fetched.
    return fetchAndStore(edge, job, { right: { ...right, validators: null }, controls });
  }
  if (answered.status === 206 && plan.kind === "range")
    return receivePart(edge, exchange, { answered, controls });
  if (plan.kind === "rest" && answered.status !== 200 && answered.status < 500) {
    if (answered.status === 206 && (await completePart(edge, exchange, { answered, controls }))) return;
    // What is held is not a part of what the origin has: nobody asked for a range. Or the rest does not come.
    dropPart(edge, job);
    discard(answered.body);
    return fetchAndStore(edge, job, { right: { ...right, completes: false }, controls });
  }
  // Nobody has said what he holds: there is nothing that it could confirm, and no answer in it.
  if (answered.status === 304) return fail(edge, exchange, { controls, reason: "broken" });
  countRefresh(job, answered.status >= 500 ? "failed" : "fetched");
  return receive(edge, exchange, { answered, controls });
}

/** No answer has come: what is stale may stand in for it. */
function fail(
  edge: Edge,
  exchange: Exchange,
  { controls, reason }: { readonly controls: FlightControls; readonly reason: Unreachable },
): Promise<void> {
  countRefresh(exchange.job, "failed");
  controls.settle({ kind: "failed", reason, fallback: exchange.right.fallback });
  return tell(edge, exchange, "failing");
}

function reasonOf({ request, takesStale }: FlightJob, plan: Asking, kind: Right["asks"]): OriginReason {
  if (request.purpose === "write-through") return "write";
  if (request.purpose !== "client") return takesStale ? "warm-up" : "refresh";
  if (!takesStale) return "refresh";
  if (kind === "pass") return "pass";
  return plan.kind === "validate" ? "revalidate" : "miss";
}

function planOf(edge: Edge, job: FlightJob, right: Right): Asking {
  const known = right.validators?.held.answer;
  if (known !== undefined && canBeValidated(known)) return { kind: "validate", answer: known };
  if (job.range !== null) return { kind: "range", range: job.range };
  const part = right.completes ? findPart(edge, job) : null;
  const rest = part === null ? null : missing(part.part);
  if (part === null || rest === null) return { kind: "whole" };
  const toEnd = rest.to === part.part.complete - 1;
  return {
    kind: "rest",
    range: `bytes=${rest.from}-${toEnd ? "" : rest.to}`,
    ifRange: strongEtag(part.held.answer.headers),
  };
}

/** The stored answer as a 304 leaves it, if that may be stored; null where it may not, or was not what the 304 meant. */
function confirmedAnswer(edge: Edge, exchange: Exchange, answered: Answered): Made | null {
  const stored = exchange.right.validators?.held.answer;
  const { rules } = exchange.job.route;
  if (stored === undefined || sameByValidators(answered.headers, stored.headers) === false) return null;
  const headers = freshenedHeaders(stored.headers, answered.headers, rules);
  // A cookie that came with the 304 is judged as one that came with the answer.
  const cookies = answered.headers.filter(([name]) => name === "set-cookie" && rules.setCookie === "refuse");
  const received = { status: stored.status, headers: [...headers, ...cookies], arrived: answered.headers };
  const verdict = judgeStorability(edge, exchange, received);
  return verdict.kind === "store" ? verdict : null;
}

/** RFC 9111 §4.3.4: the stored answer lives on, with the as-of of the request that confirmed it. */
async function freshen(edge: Edge, exchange: Exchange, given: Received & { made: Made }): Promise<void> {
  const { controls, made } = given;
  const candidate = exchange.right.validators;
  if (candidate === null) return controls.settle({ kind: "unshared" });
  const selectors = [...new Set([...candidate.held.answer.selectors, ...made.answer.selectors])];
  if (candidate.body.kind === "none")
    return freshenLarge(edge, exchange, {
      controls,
      was: candidate.held,
      answer: { ...made.answer, selectors },
    });
  const { bytes } = candidate.body;
  const held = hold(exchange, { ...made.answer, selectors, length: bytes.length });
  await settleAnswer(edge, exchange, { controls, made, held, bytes });
}

/** Its octets stay where they are, under a new record; where they have gone meanwhile the whole is fetched. */
async function freshenLarge(
  edge: Edge,
  exchange: Exchange,
  given: { controls: FlightControls; was: HeldAnswer; answer: StoredAnswer },
): Promise<void> {
  const { controls, was, answer } = given;
  const { job, right, receivedAt } = exchange;
  const fresh = hold(exchange, { ...answer, length: was.answer.length });
  const held = was.chunks === undefined ? fresh : { ...fresh, chunks: was.chunks };
  const stays = right.asOf !== null && answer.key === was.answer.key;
  if (!stays || !(await edge.dataCentre.restate(was.answer, held)))
    return fetchAndStore(edge, job, { right: { ...right, validators: null }, controls });
  controls.settle({ kind: "large", held, from: "origin", forLeader: FRESH, by: null, receivedAt });
  await giveBack(edge, exchange, null);
  if (isInChunks(held)) await edge.bucket?.storeInChunks(held);
}

async function receive(edge: Edge, exchange: Exchange, given: Received): Promise<void> {
  const { answered, controls } = given;
  const { job, right } = exchange;
  // A part that nobody asked for is nothing that could be kept.
  const verdict = answered.status === 206 ? UNASKED : judgeStorability(edge, exchange, answered);
  if (verdict.kind === "refuse") return passOn(edge, exchange, { ...given, reason: verdict.reason });
  // However long it says that it lasts: what is held and may stand in for it is not lost to an error.
  if (staleMayStandIn(answered.status) && standbyFor(edge, job, right.fallback) !== null)
    return passOn(edge, exchange, { ...given, reason: null });
  const { body } = answered;
  if (isBroughtByAnother(exchange, given)) {
    discard(body);
    return controls.settle({ kind: "cut-from-whole" });
  }
  const ends = bothEnds(edge, job);
  const source = ends.ofOrigin(sourceOf(body));
  if (source.length !== null && source.length > LIMITS.sharedBody) {
    for (const key of reassured(edge, job, verdict.answer.headers)) edge.memory.forgive(key);
    const head = headOf(exchange, answered);
    return storeLarge(edge, exchange, { made: verdict, source, head, controls, parts: partsOf(job) });
  }
  const bringing = bringShared(edge, exchange, { made: verdict, source, controls });
  if (bringing === null) {
    const head = headOf(exchange, answered);
    return streamApart(edge, exchange, { made: verdict, source, head, controls });
  }
  const { client, begun, ended } = bringing;
  const head = headOf(begun, answered);
  const streamed: Body = body.kind === "none" ? NO_BODY : { kind: "source", source: ends.toClient(client) };
  controls.deliver({ kind: "stream", ...head, body: streamed });
  const { result, exchange: now } = await ended;
  if (result.kind !== "whole") {
    const { fallback } = now.right;
    const isBroken = result.kind === "broken";
    controls.settle(isBroken ? { kind: "failed", reason: "broken", fallback } : { kind: "unshared" });
    if (result.kind === "full") countNotStored(job.route.counters, "no-room");
    return tell(edge, now, TOLD[result.kind]);
  }
  // What is stored nowhere was counted when it was sent on.
  if (head.stored !== "nowhere") job.route.counters.bytesFromOrigin += source.length ?? 0;
  const held = hold(now, { ...verdict.answer, length: result.bytes.length });
  await settleAnswer(edge, now, { controls, made: verdict, held, bytes: result.bytes });
}

/**
 * An origin that sends no parts sends the whole to each of those who ask for one: it is read once for all of them, where it
 * can be had by all.
 */
function isBroughtByAnother(exchange: Exchange, { answered: { body }, controls }: Received): boolean {
  const { length } = sourceOf(body);
  if (exchange.job.range === null || length === null) return false;
  const isForAll = length <= LIMITS.sharedBody || isKept(exchange, length);
  return isForAll && !controls.bringsWhole();
}

/** All from the first octet on is the whole in any case. */
const partsOf = ({ range }: FlightJob): Stretch["parts"] =>
  range === null || /^bytes=0+-$/.test(range) ? "unknown" : "withheld";

/** That there was no room says nothing of the key: others may have some. */
const TOLD = { large: "uncacheable", broken: "failing", full: null } as const;

const UNASKED = { kind: "refuse", reason: "status" } as const;
