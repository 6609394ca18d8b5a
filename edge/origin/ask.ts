// The one way to the origin: past the breaker, with a slot and a token, and once more where the connection failed.

import { bothChanges, changedFields, type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { originOf } from "../../shared/core/site-origin.ts";
import { spanId, traceChange } from "../../shared/core/trace-context.ts";
import { elapsed, type Instant, later, type Millis, millis } from "../../shared/core/units.ts";
import type { Priority } from "../../shared/core/waiting-line.ts";
import type { Slot, SlotOutcome } from "../../shared/origin/slots.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Cancel } from "../../shared/ports/clock.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { LIMITS } from "../config.ts";
import { discard } from "../content.ts";
import type { OriginReason, RouteCounters } from "../counters.ts";
import type { Edge } from "../edge.ts";
import { observeAnswer } from "../observe/observe.ts";
import type { Route } from "../router.ts";
import type { Passed } from "../timing.ts";
import type { OriginGuard, Pass } from "./guard.ts";
import type { Shed } from "./shed.ts";

export interface Asking {
  readonly route: Route;
  /** `fill`: for everybody, out of the budget. `pass`: for its sender alone, limited by how many there are at once. */
  readonly kind: "fill" | "pass";
  readonly priority: Priority;
  readonly reason: OriginReason;
  /** How long it may take in all; where left out, as long as any. */
  readonly within?: Millis;
  readonly request: Omit<OriginRequest, "deadline" | "origin">;
}

export type Asked = OriginOutcome | Shed;

/** For `Server-Timing`: an answer speaks for itself. */
export const saidBy = ({ kind }: Asked): Pick<Passed, "said"> =>
  kind === "answer" ? {} : { said: kind === "shed" ? "shed" : "error" };

/** A GET as everybody might send it. */
export function askForAll(
  edge: Edge,
  route: Route,
  asking: Pick<Asking, "kind" | "priority" | "reason"> & { readonly headers: HeaderList },
): Promise<Asked> {
  const { headers, ...by } = asking;
  const request = { method: "GET", url: route.sharedHref, headers, body: NO_BODY };
  return askOrigin(edge, { route, ...by, request });
}

/** Never rejects. Ends within the origin's deadline, its waiting included. */
export async function askOrigin(edge: Edge, asking: Asking): Promise<Asked> {
  const to = originOf(asking.route.site);
  if (to === "none") return NOWHERE;
  const guard = edge.guards.of(asking.route.site.name);
  const endsAt = later(edge.clock.now(), asking.within ?? LIMITS.originDeadline);
  const entering = enterOrigin(edge, asking.route, asking.priority);
  const entered = entering instanceof Promise ? await entering : entering;
  if (entered.kind === "shed") return entered;
  const { slot } = entered;
  const wait = asking.kind === "pass" ? null : await tokenFor(edge, guard, asking);
  // The breaker may have opened since it was asked: this is the last word.
  const pass = wait ?? guard.begin({ mayProbe: !isStillSent(asking) });
  if (typeof pass !== "number") return send(edge, { asking, guard, to, endsAt }, { pass, slot });
  slot.leave();
  return shed(asking.route.counters, wait === null ? "breaker" : "rate", pass);
}

const NOWHERE: Asked = { kind: "unreachable", reason: "nowhere", detail: "the site has no origin" };

type Entered = Shed | { readonly kind: "entered"; readonly slot: Slot };

/** A slot, if the origin is thought to be well: at once where one is free. Whoever gets one has to leave it. */
export function enterOrigin(edge: Edge, route: Route, priority: Priority): Entered | Promise<Entered> {
  const guard = edge.guards.of(route.site.name);
  const closed = guard.closedFor();
  if (closed !== null) return shed(route.counters, "breaker", closed);
  const outcome = guard.slots.enter(priority);
  return outcome instanceof Promise
    ? outcome.then((later) => entered(edge, route, later))
    : entered(edge, route, outcome);
}

function entered(edge: Edge, { counters }: Route, outcome: SlotOutcome): Entered {
  if (outcome === "full") return shed(counters, "concurrency", LIMITS.originPatience.user);
  if (outcome === "late") return shed(counters, "queue", LIMITS.originPatience.user);
  if (outcome.waited > 0) {
    counters.queued += 1;
    edge.counters.originGuard.queuedMs += outcome.waited;
  }
  return { kind: "entered", slot: outcome };
}

/** Null where it has its token, else how long none is due. */
async function tokenFor(edge: Edge, guard: OriginGuard, asking: Asking): Promise<Millis | null> {
  const patience = guard.slots.mayLinger ? LIMITS.originTokenPatience : millis(0);
  const wish = { class: asking.route.rules.name, priority: asking.priority, patience };
  const tokens = await guard.tokens.take(wish);
  if (tokens.kind === "refused") return tokens.wait;
  if (tokens.by !== "nobody") edge.counters.originGuard[tokens.by] += 1;
  if (tokens.after > 0) await guard.slots.linger(tokens.after);
  return null;
}

interface Sending {
  readonly asking: Asking;
  readonly guard: OriginGuard;
  readonly to: OriginRequest["origin"];
  readonly endsAt: Instant;
}

/** One request to the origin, in its slot until something has come of it. */
interface Try {
  readonly pass: Pass;
  readonly slot: Slot;
}

/**
 * What comes of a first try, or of a second one: where the first was refused, or beside it where its reply seems to be
 * lost, as the origin has answered what was sent later. One connection that hangs would keep a key from everybody else
 * for half a minute (docs/adr/0081). What is poor counts only where nothing better can come any more.
 */
function send(edge: Edge, sending: Sending, first: Try): Promise<OriginOutcome> {
  const { asking, guard } = sending;
  const { promise, resolve } = Promise.withResolvers<OriginOutcome>();
  let second: "possible" | "prepared" | "begun" | "never" =
    isRepeatable(asking) && !first.pass.probe ? "possible" : "never";
  let [underWay, isOver] = [0, false];
  let best: OriginOutcome | null = null;
  let stopLooking: Cancel = () => {};
  const mayBeBettered = (outcome: OriginOutcome): boolean =>
    (underWay > 0 && isPoor(outcome)) || (second === "prepared" && isRefused(outcome));
  const endIfDone = (): void => {
    if (isOver || best === null || mayBeBettered(best)) return;
    isOver = true;
    stopLooking();
    // Its request may end before it: nobody hears of it any more, and its slot is taken back in the end.
    for (; underWay > 0; underWay--) edge.counters.originConcurrency.down();
    resolve(best);
  };
  const begin = ({ pass, slot }: Try): void => {
    underWay += 1;
    void sendOnce(edge, sending, pass).then((outcome) => {
      if (isOver) {
        slot.leave();
        return giveUp(outcome);
      }
      underWay -= 1;
      heard(edge, sending, { pass, outcome, isAside: mayBeBettered(outcome) });
      if (isRefused(outcome)) void again(slot);
      else slot.leave();
      best = better(best, outcome);
      endIfDone();
    });
  };
  const again = async (left: Slot | null): Promise<void> => {
    if (second !== "possible") return left?.leave();
    second = "prepared";
    const slot = left ?? guard.slots.enterNow();
    const mayGo = slot !== null && (await mayGoAgain(edge, sending)) && !isOver;
    const pass = mayGo ? guard.beginAgain() : null;
    second = pass === null ? "possible" : "begun";
    if (slot === null || pass === null) slot?.leave();
    else {
      stopLooking();
      edge.counters.originGuard.retries += 1;
      begin({ pass, slot });
    }
    endIfDone();
  };
  const lookLater = (): void => {
    stopLooking = edge.timers.after(LIMITS.originReplyLost, () => {
      lookLater();
      if (guard.hasAnswered(first.pass.sentAt)) void again(null);
    });
  };
  // What is one client's alone keeps nobody else waiting, and may be a call that is meant to hang.
  if (second === "possible" && asking.kind === "fill") lookLater();
  begin(first);
  return promise;
}

/** It is one more request to the origin. */
async function mayGoAgain(edge: Edge, { asking, guard, endsAt }: Sending): Promise<boolean> {
  if (edge.clock.now() >= endsAt || !guard.mayRetry()) return false;
  return asking.kind === "pass" || (await tokenFor(edge, guard, asking)) === null;
}

/** None, or one that the other try may still do better than: an origin may turn the second of two alike away. */
const isPoor = (outcome: OriginOutcome): boolean =>
  outcome.kind === "unreachable" || outcome.status === 429 || outcome.status >= 500;

const isRefused = (outcome: OriginOutcome): boolean =>
  outcome.kind === "unreachable" && outcome.reason === "refused";

/** Of what was kept and is poor, and what has come after it. The other one's connection is not held. */
function better(kept: OriginOutcome | null, came: OriginOutcome): OriginOutcome {
  if (kept === null) return came;
  const [best, other] = kept.kind === "answer" && came.kind === "unreachable" ? [kept, came] : [came, kept];
  giveUp(other);
  return best;
}

function giveUp(outcome: OriginOutcome): void {
  if (outcome.kind === "answer") discard(outcome.body);
}

/** Nothing of an answer came, and nothing is done twice by asking twice (RFC 9110 §9.2.2). */
const isRepeatable = ({ request }: Asking): boolean =>
  request.method === "GET" && request.body.kind === "none";

/**
 * Large content is sent on while its client sends it: where that fails, or takes long, it may be the client's doing, who
 * must not be able to close an origin for everybody.
 */
const isStillSent = ({ request }: Asking): boolean => request.body.kind === "source";

function sendOnce(edge: Edge, { asking, to, endsAt }: Sending, { sentAt }: Pass): Promise<OriginOutcome> {
  asking.route.counters.asked[asking.reason] += 1;
  edge.counters.originConcurrency.up();
  const deadline = millis(Math.max(1, elapsed(sentAt, endsAt)));
  const { method, url, body, headers, passed = null } = traced(edge, asking.request);
  return edge.origin.fetch({ method, url, origin: to, headers, passed, body, deadline });
}

interface Came {
  readonly pass: Pass;
  readonly outcome: OriginOutcome;
  /** It is poor, and something better may come. */
  readonly isAside: boolean;
}

/** Takes to heart what came of it. */
function heard(edge: Edge, { asking, guard }: Sending, { pass, outcome, isAside }: Came): void {
  const now = edge.clock.now();
  edge.counters.originConcurrency.down();
  asking.route.counters.tiers.origin[outcome.kind === "unreachable" ? "errors" : "hits"] += 1;
  if (outcome.kind === "answer") observeAnswer(edge, asking, { answer: outcome, at: now });
  if (outcome.kind === "unreachable" && isStillSent(asking)) return;
  // It may be said of there being two: what comes of the other one tells how the origin is.
  if (outcome.kind === "answer" && isAside) return;
  const isOver = guard.came(outcome.kind === "answer" && !guard.isFailure(outcome.status), pass, now);
  // A refused connection tells nothing of how long answers take; nor does what a trouble that is over has left hanging.
  if (!isOver && !isStillSent(asking) && (outcome.kind === "answer" || outcome.reason === "timeout"))
    guard.slots.answered(elapsed(pass.sentAt, now), now);
}

/** As part of the trace that it belongs to, where it belongs to one. */
function traced(edge: Edge, request: Asking["request"]): Asking["request"] {
  const { headers, passed } = request;
  const trace = traceChange(
    (name) => headerValue(headers, name),
    () => spanId(edge.random.token()),
  );
  if (trace === null) return request;
  const changed = { ...request, headers: changedFields(headers, trace) };
  return passed === undefined || passed === null
    ? changed
    : { ...changed, passed: { ...passed, change: bothChanges(passed.change, trace) } };
}

/** Turned away, and counted as such. */
export function shed({ shed }: RouteCounters, reason: Shed["reason"], retryAfter: Millis): Shed {
  shed[reason] += 1;
  return { kind: "shed", reason, retryAfter };
}
