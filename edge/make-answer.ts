// Turns what an origin sent into a stored answer, if it may be stored at all.

import { variantKey } from "../shared/core/cache-key.ts";
import { ageWhenSent, lifetimeOf } from "../shared/core/freshness.ts";
import type { HeaderList } from "../shared/core/headers.ts";
import { selectorsOf } from "../shared/core/selector.ts";
import { storability, tagsOf } from "../shared/core/storability.ts";
import {
  grantLifetime,
  type HeldAnswer,
  STORED_ANSWER_VERSION,
  type StoredAnswer,
} from "../shared/core/stored-answer.ts";
import { type CacheKey, earlier, elapsed, type Instant, type Millis } from "../shared/core/units.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import type { Right } from "./lease.ts";
import { storedHeaders, variedNames } from "./stored-headers.ts";

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
  readonly answer: StoredAnswer;
}

export function judgeStorability(
  edge: Edge,
  exchange: Exchange,
  answered: { status: number; headers: HeaderList },
): Made | null {
  const { rules } = exchange.job.route;
  const lifetime = lifetimeOf({ ...answered, rules, receivedAtWall: exchange.receivedAtWall }).fresh;
  const { request } = exchange.job;
  const verdict = storability({
    method: "GET",
    authorized: request.header("authorization") !== null,
    requestNoStore: false,
    status: answered.status,
    headers: answered.headers,
    rules,
    lifetime,
  });
  return verdict.kind === "store" ? makeAnswer(edge, exchange, answered) : null;
}

export function makeAnswer(edge: Edge, exchange: Exchange, received: Received): Made | null {
  const { route, request } = exchange.job;
  const { asOf, token } = exchange.right;
  const headers = storedHeaders(received.headers);
  const names = variedNames(headers);
  const key = names.length === 0 ? route.key : variantKey(route.key, names, request);
  const lease = token ?? edge.random.token();
  const grant = {
    key,
    lease,
    status: received.status,
    headers,
    rules: route.rules,
    receivedAtWall: exchange.receivedAtWall,
  };
  const lifetime = grantLifetime(grant);
  if (lifetime === null) return null;
  const tags = [...new Set([...tagsOf(headers), ...route.rules.tags])];
  const answer: StoredAnswer = {
    version: STORED_ANSWER_VERSION,
    id: edge.random.token(),
    key,
    status: received.status,
    headers,
    class: route.rules.name,
    selectors: selectorsOf({ ...route.source, tags }),
    // Without a known position the answer is only handed on, never stored: see `storeEverywhere`.
    asOf: asOf ?? { epoch: 0, seq: 0 },
    vary: names.map((name) => [name, request.header(name)?.trim() ?? null]),
    part: { kind: "whole" },
    length: 0,
    dirty: false,
    ...lifetime,
    ageWhenSent: originAge(exchange, { ...received, headers: received.arrived ?? received.headers }),
    receivedAtWall: exchange.receivedAtWall,
    lease,
  };
  return { key, answer };
}

export const originAge = (exchange: Exchange, received: { status: number; headers: HeaderList }): Millis =>
  ageWhenSent({
    ...received,
    rules: exchange.job.route.rules,
    receivedAtWall: exchange.receivedAtWall,
    responseDelay: elapsed(exchange.sentAt, exchange.receivedAt),
  });

export function hold(exchange: Exchange, answer: StoredAnswer): HeldAnswer {
  const bornAt = earlier(exchange.sentAt, answer.ageWhenSent);
  return { answer, verifiedTo: answer.asOf, bornAt, sentAt: exchange.sentAt };
}
