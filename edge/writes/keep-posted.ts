// The answer to a POST that says that it is its own URL's content: kept for later GETs (RFC 9110 §9.3.3).

import { deltaOf, governingDirectives } from "../../shared/core/cache-control.ts";
import { hasHeader, headerValue } from "../../shared/core/headers.ts";
import { hitOnlyAt } from "../../shared/core/hit-only-at.ts";
import type { Position } from "../../shared/core/position.ts";
import { requestDirectives } from "../../shared/core/request-directives.ts";
import { allSelectors } from "../../shared/core/selector.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import type { Instant } from "../../shared/core/units.ts";
import { isOffered } from "../../shared/core/vary.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { type FlightJob, FOR_NOBODY } from "../flight-job.ts";
import { type Exchange, hold, judgeStorability } from "../make-answer.ts";
import { saysMoreThanItsKey } from "../origin-request.ts";
import type { EdgeRequest } from "../request.ts";
import { rightBy } from "../right.ts";
import { roomFor } from "../room.ts";
import type { Route } from "../router.ts";
import { collectWhileStreaming } from "../share-body.ts";
import { promote } from "../tiers/store-everywhere.ts";

export interface Posted {
  readonly route: Route;
  readonly outcome: OriginOutcome & { readonly kind: "answer" };
  readonly sentAt: Instant;
  /** Noted before the write was sent. */
  readonly asOf: Position | null;
  /** The entry by which the log learnt of this very write. */
  readonly position: Position | null;
}

/**
 * Its own write has made everything of its URL out of date up to that position, itself included. It may be kept as of
 * there only where nothing else has hit it since before it was sent: then no other write can have come between its
 * request and its entry, and one that comes after makes it out of date (docs/adr/0010). Kept in this isolate alone; where
 * the origin is asked for it anew after every write, not even there.
 */
export function keepPosted(edge: Edge, request: EdgeRequest, posted: Posted): Body {
  const { route, outcome, sentAt, position } = posted;
  const { body } = outcome;
  if (route.rules.write === "write-through") return body;
  if (request.method !== "POST" || saysMoreThanItsKey(request, route)) return body;
  if (!isOwnContent(edge, posted)) return body;
  // Writes are passed on with their own Accept-Encoding, of which the key knows only the codings that are kept.
  if (!isOffered(outcome.headers, (name) => request.header(name))) return body;
  const right = rightBy(position);
  const wants = requestDirectives(route.rules.requestDirectives, (name) => request.header(name));
  const whole = { candidate: null, ...FOR_NOBODY, wants, range: null };
  const job: FlightJob = { ...whole, route, request, arrivedAt: request.arrivedAt, lease: "none" };
  const receivedAt = edge.clock.now();
  const exchange: Exchange = { job, right, sentAt, receivedAt, receivedAtWall: edge.clock.wall() };
  const verdict = judgeStorability(edge, exchange, outcome);
  if (verdict.kind === "refuse" || body.kind !== "source") return body;
  // By another configuration other names may have hit it meanwhile.
  if (!edge.router.stands(route, request) || !isAlone(edge, verdict.answer, posted)) return body;
  const room = roomFor(edge, route);
  if (!room.holds(body.source.length ?? 0)) {
    room.giveBack();
    return body;
  }
  const { client, collected, finished } = collectWhileStreaming(body.source, LIMITS.sharedBody, room.holds);
  request.background.keep(
    collected.then((result) => {
      room.giveBack();
      if (result.kind !== "whole") return;
      const { bytes } = result;
      const held = hold(exchange, { ...verdict.answer, length: bytes.length });
      promote(edge, verdict, { held, body: bytes, rules: route.rules });
    }),
  );
  request.background.keep(finished);
  return { kind: "source", source: client };
}

function isAlone(edge: Edge, answer: StoredAnswer, { route, asOf, position }: Posted): boolean {
  const view = edge.view.current();
  if (view === null || asOf === null || position === null) return false;
  const selectors = allSelectors(answer.selectors, route.selectors);
  return hitOnlyAt(view, selectors, { since: asOf, entry: position });
}

/** A 200 with a lifetime of its own that names its own URL. */
function isOwnContent(edge: Edge, { route, outcome: { status, headers } }: Posted): boolean {
  const location = headerValue(headers, "content-location");
  const { directives } = governingDirectives(headers);
  const stated =
    deltaOf(directives, "s-maxage") !== null ||
    deltaOf(directives, "max-age") !== null ||
    hasHeader(headers, "expires");
  if (status !== 200 || !stated || location === null) return false;
  // What stands for other URLs too is hit by more than this write can see.
  if (route.variance !== null || hasHeader(headers, "no-vary-search")) return false;
  // It was sent with all of its query, of which the key may leave some out.
  if (route.href !== route.sharedHref) return false;
  return edge.router.resolve(location, route.href)?.href === route.href;
}
