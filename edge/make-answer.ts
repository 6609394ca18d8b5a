// Turns what an origin sent into a stored answer, if it may be stored at all.

import { variantKey } from "../shared/core/cache-key.ts";
import {
  type AgeInput,
  ageLeftOut,
  ageWhenSent,
  isOverOnArrival,
  lifetimeOf,
} from "../shared/core/freshness.ts";
import { type HeaderList, hasTwin, headerValue } from "../shared/core/headers.ts";
import { searchVariance } from "../shared/core/no-vary-search.ts";
import { isProvocative } from "../shared/core/provocation.ts";
import { allSelectors, selectorsOf } from "../shared/core/selector.ts";
import { groupNames, type RefusalReason, storability, tagsOf } from "../shared/core/storability.ts";
import {
  grantLifetime,
  type HeldAnswer,
  STORED_ANSWER_VERSION,
  type StoredAnswer,
} from "../shared/core/stored-answer.ts";
import { type CacheKey, earlier, elapsed, type Instant } from "../shared/core/units.ts";
import { canBeHeeded, type VaryMark, valuesOfAnswer, widenMark } from "../shared/core/vary.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import type { Right } from "./right.ts";
import type { Route } from "./router.ts";
import { storedHeaders } from "./stored-headers.ts";

/** The origin request of one flight: what it was sent under, and when. */
export interface Exchange {
  readonly job: FlightJob;
  readonly right: Right;
  readonly sentAt: Instant;
  readonly receivedAt: Instant;
  readonly receivedAtWall: number;
}

/** `arrived` where the headers are not those of this very answer, as after a 304: its age is the 304's. */
interface Received {
  readonly status: number;
  readonly headers: HeaderList;
  readonly arrived?: HeaderList;
}

export interface Made {
  readonly key: CacheKey;
  /** The resource's own key: that of its variants' marker. */
  readonly primary: CacheKey;
  readonly mark: VaryMark;
  readonly answer: StoredAnswer;
}

export type Verdict =
  | ({ readonly kind: "store" } & Made)
  | { readonly kind: "refuse"; readonly reason: RefusalReason };

export function judgeStorability(edge: Edge, exchange: Exchange, answered: Received): Verdict {
  const { route, request, range } = exchange.job;
  const { status, headers } = answered;
  const { rules } = route;
  const verdict = storability({
    method: "GET",
    authorized: request.header("authorization") !== null,
    requestNoStore: exchange.job.wants.noStore,
    // The range may have provoked it, and the key does not name that.
    provocative: status >= 300 && (range !== null || isProvocative(request.headers())),
    status,
    headers,
    rules,
    lifetime: lifetimeOf({ status, headers, rules, receivedAtWall: exchange.receivedAtWall }).fresh,
    isOver: isOverOnArrival(ageInput(exchange, answered)),
  });
  return verdict.kind === "store" ? makeAnswer(edge, exchange, answered) : verdict;
}

function makeAnswer(edge: Edge, exchange: Exchange, received: Received): Verdict {
  const { request } = exchange.job;
  const { asOf, keeping } = exchange.right;
  const route = routeOf(edge, exchange, received);
  const headers = storedHeaders(received.headers, route.rules);
  const mark = widenMark(edge.memory.markOf(route.key), headers, (name) => request.header(name));
  if (!canBeHeeded(mark.names)) return { kind: "refuse", reason: "vary-names" };
  // The origin may have chosen by that field, and the key would not say so.
  if (mark.names.length > 0 && request.headers().some(([name]) => hasTwin(name, mark.names)))
    return { kind: "refuse", reason: "provoked" };
  const key = variantKey(route.key, mark, request);
  const lease = keeping.kind === "everywhere" ? keeping.lease.token : edge.random.token();
  const { receivedAtWall } = exchange;
  const grant = { key, lease, status: received.status, headers, rules: route.rules, receivedAtWall };
  const lifetime = grantLifetime(grant);
  if (lifetime === null) return { kind: "refuse", reason: "no-lifetime" };
  const tags = [...new Set([...tagsOf(headers), ...route.rules.tags])];
  const age = ageInput(exchange, received);
  const leftOut = ageLeftOut(age);
  const groups = groupNames(headerValue(headers, "cache-groups"));
  const answer: StoredAnswer = {
    version: STORED_ANSWER_VERSION,
    id: edge.random.token(),
    key,
    status: received.status,
    headers,
    class: route.rules.name,
    // With what it says of its query: who has read nothing of the resource knows of that by these alone (docs/adr/0083).
    selectors: allSelectors(selectorsOf({ ...route.source, tags, groups }), route.selectors),
    // Without a known position the answer is only handed on, never stored: see `storeEverywhere`.
    asOf: asOf ?? { epoch: 0, seq: 0 },
    vary: valuesOfAnswer(mark, (name) => request.header(name), headers),
    part: { kind: "whole" },
    length: 0,
    dirty: false,
    ...lifetime,
    ageWhenSent: ageWhenSent(age),
    ...(leftOut > 0 ? { ageLeftOut: leftOut } : {}),
    fetchedIn: elapsed(exchange.sentAt, exchange.receivedAt),
    receivedAtWall,
    lease,
  };
  return { kind: "store", key, primary: route.key, mark, answer };
}

/** An answer may say of its own URL that parts of the query make no difference; what fails says nothing for others. */
function routeOf(edge: Edge, { job }: Exchange, { status, headers }: Received): Route {
  if (status >= 300)
    return job.route.variance === null ? job.route : (edge.router.plainRoute(job.request) ?? job.route);
  return edge.router.learnSearch(job.route, job.request, searchVariance(headers));
}

const ageInput = (exchange: Exchange, received: Received): AgeInput => ({
  ...received,
  rules: exchange.job.route.rules,
  receivedAtWall: exchange.receivedAtWall,
  responseDelay: elapsed(exchange.sentAt, exchange.receivedAt),
});

export function hold(exchange: Exchange, answer: StoredAnswer): HeldAnswer {
  const bornAt = earlier(exchange.sentAt, answer.ageWhenSent);
  return { answer, verifiedTo: answer.asOf, bornAt, sentAt: exchange.sentAt };
}
