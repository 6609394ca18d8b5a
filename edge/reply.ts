// Builds what a client gets: status, headers, Age and Cache-Status (RFC 9211), and nothing of our metadata.

import { isInChunks } from "../shared/core/chunks.ts";
import { notModifiedHeaders } from "../shared/core/conditional.ts";
import { changedFields, type HeaderList, hasHeader } from "../shared/core/headers.ts";
import { withImmutable } from "../shared/core/immutable.ts";
import type { Rules } from "../shared/core/rules.ts";
import type { HeldAnswer, StoredAnswer } from "../shared/core/stored-answer.ts";
import { ageOf, currentLifetime } from "../shared/core/stored-answer.ts";
import type { Instant, Millis } from "../shared/core/units.ts";
import { type Body, NO_BODY } from "../shared/ports/body.ts";
import type { Unreachable } from "../shared/ports/origin.ts";
import { LIMITS } from "./config.ts";
import { type Content, contentFor, discard, isUnchanged } from "./content.ts";
import type { Edge } from "./edge.ts";
import type { Judged } from "./judge.ts";
import type { Shed } from "./origin/shed.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Shown } from "./shown.ts";
import { clientChange, clientHeaders, upstreamStatus } from "./stored-headers.ts";
import type { MemoryAnswer, Sent } from "./tiers/memory.ts";
import { MEMORY_TIMING } from "./timing.ts";

/** Where an answer came from, as Cache-Status tells it; the nearest tier stands last. */
export type Provenance =
  | { readonly kind: "l1" }
  | { readonly kind: "l2" }
  /** Waited for somebody else's fetch. */
  | { readonly kind: "coalesced" }
  /** The origin confirmed or replaced what was held. */
  | { readonly kind: "origin"; readonly forward: Forward };

/** Why a request went on towards the origin (RFC 9211 §2.2). */
export type Forward = "uri-miss" | "stale" | "request";

export interface HeldReply {
  readonly judged: Pick<Judged, "held" | "body">;
  readonly rules: Rules;
  readonly provenance: Provenance;
  readonly detail: "stale" | "shed" | "fenced" | "coalesced" | null;
  /** Where `detail` does not say so itself. */
  readonly isStale?: boolean;
}

/** What a client gets to see of a stored answer. */
export const shownHeaders = (
  answer: { readonly status: number; readonly headers: HeaderList },
  rules: Rules,
): HeaderList => withImmutable(clientHeaders(answer.headers, rules), answer, rules);

function shownOf(edge: Edge, { answer, rules }: { answer: StoredAnswer; rules: Rules }): Shown {
  const there = edge.shown.get(answer);
  if (there?.rules === rules) return there;
  const headers = shownHeaders(answer, rules);
  const shown = { headers, upstream: upstreamStatus(answer.headers), rules, prepared: null };
  edge.shown.set(answer, shown);
  return shown;
}

export function heldReply(edge: Edge, request: EdgeRequest, given: HeldReply): Reply | Promise<Reply> {
  const { judged, rules, provenance, detail, isStale = detail === "stale" } = given;
  const { held } = judged;
  const { answer } = held;
  const age = Math.floor(ageOf(held, edge.clock.now()) / 1000);
  const left = Math.floor(currentLifetime(answer, rules).fresh / 1000) - age;
  // Of a life that a soft invalidation has ended nothing is left, however young the answer is.
  const ttl = isStale ? Math.min(left, 0) : left;
  const shown = shownOf(edge, { answer, rules });
  const content = contentFor(request, {
    answer,
    headers: shown.headers,
    body: judged.body,
    nowWall: edge.clock.wall(),
    boundary: () => edge.random.token(),
    read: (range) => edge.dataCentre.readRange(answer, range),
  });
  const status = shown.upstream + cacheStatus(provenance, { held, rules, ttl, detail });
  const reply = (selected: Content): Reply => ({
    status: selected.status,
    headers: selected.headers,
    body: selected.body,
    age,
    cacheStatus: status,
    memory: null,
    shown: selected.headers === shown.headers ? shown : null,
  });
  return content instanceof Promise ? content.then(reply) : reply(content);
}

/** A hit in memory: everything that doesn't depend on the instant was made once for the entry. */
export function memoryReply(
  edge: Edge,
  entry: MemoryAnswer,
  { rules, now }: { rules: Rules; now: Instant },
): Reply {
  const { answer, bornAt } = entry.held;
  if (entry.sent === null || entry.sent.rules !== rules) {
    entry.sent = sentOf(edge, entry, rules);
    entry.prepared = null;
  }
  const { sent } = entry;
  const ttl = Math.floor((entry.freshUntil - now) / 1000);
  if (sent.ttl !== ttl) {
    sent.cacheStatus = `${sent.upstream}tidegate-l1; hit; ttl=${ttl}`;
    sent.ttl = ttl;
  }
  const { headers, body, cacheStatus } = sent;
  const age = Math.floor((now - bornAt) / 1000);
  return { status: answer.status, headers, body, age, cacheStatus, memory: entry };
}

function sentOf(edge: Edge, { held, body }: MemoryAnswer, rules: Rules): Sent {
  const shown = shownHeaders(held.answer, rules);
  return {
    headers: edge.timings === null ? shown : [...shown, MEMORY_TIMING],
    body: { kind: "bytes", bytes: body },
    upstream: upstreamStatus(held.answer.headers),
    ...{ cacheStatus: "", ttl: Number.NaN, rules },
  };
}

interface Said extends Pick<HeldReply, "rules" | "detail"> {
  readonly held: HeldAnswer;
  readonly ttl: number;
}

function cacheStatus(provenance: Provenance, said: Said): string {
  const detail = said.detail === null ? "" : `; detail=${said.detail}`;
  const hit = `hit; ttl=${said.ttl}${detail}`;
  switch (provenance.kind) {
    case "l1":
      return `tidegate-l1; ${hit}`;
    case "l2":
      return `tidegate-l2; ${hit}, tidegate-l1; fwd=uri-miss${storedIn("l1", said)}`;
    case "coalesced":
      return `tidegate-l1; fwd=uri-miss; collapsed; ttl=${said.ttl}${detail}`;
    case "origin": {
      const forward = `fwd=${provenance.forward}`;
      const [inL2, inL1] = [storedIn("l2", said), storedIn("l1", said)];
      return `tidegate-l2; ${forward}${inL2}${detail}, tidegate-l1; ${forward}${inL1}`;
    }
  }
}

/** No part goes to L2, nor what is larger than its class may be there; and without a position nothing is stored at all. */
function storedIn(tier: "l1" | "l2", { held, rules }: Said): "; stored" | "" {
  const { asOf, length, part } = held.answer;
  const large = isInChunks(held) || length > LIMITS.sharedBody;
  const shared = !large && part.kind === "whole" && length <= rules.l2MaxBody;
  return asOf.epoch > 0 && (tier === "l1" ? isKeptNear(rules, large) : shared) ? "; stored" : "";
}

/** Whether edges keep such answers: large ones only in their data centre. */
export const isKeptNear = (rules: Pick<Rules, "cacheApi" | "memoryBudget">, large: boolean): boolean =>
  large ? rules.cacheApi !== "none" : rules.memoryBudget > 0 || rules.cacheApi === "all";

/** An answer of ours, not of the origin's (RFC 9457). */
export function problemReply(given: {
  status: number;
  code: string;
  title: string;
  detail: string;
  retryAfter?: number;
}): Reply {
  const { status, code, title, detail, retryAfter } = given;
  const text = JSON.stringify({ type: `urn:tidegate:problem:${code}`, title, status, detail, code });
  const headers: [string, string][] = [
    ["content-type", "application/problem+json"],
    ["cache-control", "no-store"],
  ];
  if (retryAfter !== undefined) headers.push(["retry-after", String(retryAfter)]);
  return {
    status,
    headers,
    body: { kind: "bytes", bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> },
    age: null,
    // By its code it can be told from what an origin says.
    cacheStatus: `tidegate-l1; fwd=miss; detail=${code}`,
    memory: null,
  };
}

export const originFailure = (reason: Unreachable): Reply => problemReply(FAILURES[reason]);

/** In place of an error that the origin gave somebody else: its status and the pause it asks for alone are for everybody. */
export const originError = (status: number, retryAfter: Millis | null): Reply =>
  problemReply({
    status,
    ...(retryAfter === null ? {} : { retryAfter: Math.ceil(retryAfter / 1000) }),
    code: "origin-error",
    title: "Origin Error",
    detail:
      "The origin answered another request for this with an error, and nothing stored may stand in for it.",
  });

const UNREACHABLE = {
  status: 502,
  code: "origin-unreachable",
  title: "Bad Gateway",
  detail: "The origin could not be reached or broke off, and nothing stored may stand in for it.",
};

const FAILURES: Record<Unreachable, Parameters<typeof problemReply>[0]> = {
  refused: UNREACHABLE,
  broken: UNREACHABLE,
  timeout: {
    status: 504,
    code: "origin-timeout",
    title: "Gateway Timeout",
    detail: "The origin did not answer in time, and nothing stored may stand in for it.",
  },
  nowhere: {
    status: 503,
    code: "no-origin",
    title: "Service Unavailable",
    detail: "The site has no origin, and nothing stored may stand in for one.",
  },
};

const SHED: Record<Shed["reason"], string> = {
  rate: "The origin may not be asked any faster",
  concurrency: "Too many requests wait for the origin already",
  queue: "The origin is too slow to be asked more at once",
  breaker: "The origin has failed, and is given a pause",
};

/** A failure of ours rather than the origin's. */
export function shedReply({ reason, retryAfter }: Shed): Reply {
  const reply = problemReply({
    status: 503,
    code: "origin-protected",
    title: "Service Unavailable",
    detail: `${SHED[reason]}, and nothing stored may stand in for it.`,
    retryAfter: Math.max(1, Math.ceil(retryAfter / 1000)),
  });
  return { ...reply, cacheStatus: SHED_STATUS, shed: reason };
}

const SHED_STATUS = "tidegate-l1; fwd=miss; detail=shed";
export const isShed = ({ shed }: Reply): boolean => shed !== undefined;

/** Of what is not stored its Date tells nothing (RFC 9110 §13.1.3, RFC 9111 §4.3.2): a client's clock may be fast. */
function hasItAlready(
  edge: Edge,
  request: EdgeRequest,
  { status, headers, stored }: { status: number; headers: HeaderList; stored: boolean },
): boolean {
  const dated = stored || hasHeader(headers, "last-modified") || request.header("if-none-match") !== null;
  return dated && isUnchanged(request, { answer: { status }, headers, nowWall: edge.clock.wall() });
}

/** What an answer straight from the origin looks like to a client: as it is, or that he has it already. */
export function streamedReply(
  edge: Edge,
  request: EdgeRequest,
  given: {
    status: number;
    headers: HeaderList;
    body: Body;
    native?: object | null;
    rules: Rules;
    cacheStatus: string;
    /** Whether it is being stored for others too. */
    stored?: boolean;
  },
): Reply {
  const { status, rules } = given;
  const change = given.stored === true ? null : clientChange(given.headers, rules);
  const headers = change === null ? shownHeaders(given, rules) : changedFields(given.headers, change);
  const cacheStatus = upstreamStatus(given.headers) + given.cacheStatus;
  if (
    (request.method === "GET" || request.method === "HEAD") &&
    hasItAlready(edge, request, { status, headers, stored: given.stored === true })
  ) {
    discard(given.body);
    const kept = notModifiedHeaders(headers);
    return { status: 304, headers: kept, body: NO_BODY, age: null, cacheStatus, memory: null };
  }
  if (request.method === "HEAD") discard(given.body);
  const body = request.method === "HEAD" ? NO_BODY : given.body;
  const { native = null } = given;
  const passed = change === null || native === null ? null : { of: native, change };
  return { status, headers, body, age: null, cacheStatus, memory: null, passed };
}
