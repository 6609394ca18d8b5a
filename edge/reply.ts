// Builds what a client gets: status, headers, Age and Cache-Status (RFC 9211), and nothing of our metadata.

import { notModified } from "../shared/core/conditional.ts";
import type { HeaderList } from "../shared/core/headers.ts";
import type { Rules } from "../shared/core/rules.ts";
import { ageOf, currentLifetime } from "../shared/core/stored-answer.ts";
import type { Instant } from "../shared/core/units.ts";
import { type Body, NO_BODY } from "../shared/ports/body.ts";
import type { Edge } from "./edge.ts";
import type { Judged } from "./judge.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import { clientHeaders } from "./stored-headers.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";

/** Where an answer came from, as Cache-Status tells it; the nearest tier stands last. */
export type Provenance =
  | { readonly kind: "l1" }
  | { readonly kind: "l2" }
  /** Waited for somebody else's fetch. */
  | { readonly kind: "coalesced" }
  /** The origin confirmed or replaced what was held. */
  | { readonly kind: "origin"; readonly forward: "uri-miss" | "stale"; readonly stored: boolean };

export interface HeldReply {
  readonly judged: Pick<Judged, "held" | "body">;
  readonly rules: Rules;
  readonly provenance: Provenance;
  readonly detail: "stale" | "fenced" | "coalesced" | null;
}

export function heldReply(edge: Edge, request: EdgeRequest, given: HeldReply): Reply {
  const { judged, rules, provenance, detail } = given;
  const { answer } = judged.held;
  const now = edge.clock.now();
  const age = Math.floor(ageOf(judged.held, now) / 1000);
  const ttl = Math.floor(currentLifetime(answer, rules).fresh / 1000) - age;
  const conditions = {
    ifNoneMatch: request.header("if-none-match"),
    ifModifiedSince: request.header("if-modified-since"),
  };
  const unchanged = answer.status === 200 && notModified(answer.headers, conditions, edge.clock.wall());
  return {
    status: unchanged ? 304 : answer.status,
    headers:
      request.method === "HEAD"
        ? withLength(clientHeaders(answer.headers), answer.length)
        : clientHeaders(answer.headers),
    body: unchanged || request.method === "HEAD" ? discard(judged.body) : judged.body,
    age,
    cacheStatus: cacheStatus(provenance, { ttl, detail }),
    memory: null,
  };
}

/** A hit in memory: everything that doesn't depend on the instant was made once for the entry. */
export function memoryReply(
  edge: Edge,
  request: EdgeRequest,
  hit: { entry: MemoryAnswer; now: Instant },
): Reply {
  const { entry, now } = hit;
  const { answer, bornAt } = entry.held;
  entry.sent ??= { headers: clientHeaders(answer.headers), body: { kind: "bytes", bytes: entry.body } };
  const ifNoneMatch = request.header("if-none-match");
  const ifModifiedSince = request.header("if-modified-since");
  const isHead = request.method === "HEAD";
  const conditional = ifNoneMatch !== null || ifModifiedSince !== null;
  const unchanged =
    conditional &&
    answer.status === 200 &&
    notModified(answer.headers, { ifNoneMatch, ifModifiedSince }, edge.clock.wall());
  return {
    status: unchanged ? 304 : answer.status,
    headers: isHead ? withLength(entry.sent.headers, answer.length) : entry.sent.headers,
    body: unchanged || isHead ? NO_BODY : entry.sent.body,
    age: Math.floor((now - bornAt) / 1000),
    cacheStatus: `tidegate-l1; hit; ttl=${Math.floor((entry.freshUntil - now) / 1000)}`,
    memory: unchanged || isHead ? null : entry,
  };
}

/** A HEAD tells the length that a GET would have (RFC 9110 §8.6). */
const withLength = (headers: HeaderList, length: number): HeaderList => [
  ...headers,
  ["content-length", String(length)],
];

function discard(body: Body): Body {
  if (body.kind === "source") body.source.cancel("not wanted");
  return NO_BODY;
}

export function cacheStatus(provenance: Provenance, more: { ttl: number; detail: string | null }): string {
  const detail = more.detail === null ? "" : `; detail=${more.detail}`;
  const hit = `hit; ttl=${more.ttl}${detail}`;
  switch (provenance.kind) {
    case "l1":
      return `tidegate-l1; ${hit}`;
    case "l2":
      return `tidegate-l2; ${hit}, tidegate-l1; fwd=uri-miss; stored`;
    case "coalesced":
      return `tidegate-l1; fwd=uri-miss; collapsed; ttl=${more.ttl}${detail}`;
    case "origin": {
      const forward = `fwd=${provenance.forward}${provenance.stored ? "; stored" : ""}`;
      return `tidegate-l2; ${forward}${detail}, tidegate-l1; ${forward}`;
    }
  }
}

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
    cacheStatus: "tidegate-l1; fwd=miss",
    memory: null,
  };
}

export const originFailure = (reason: "refused" | "timeout" | "broken"): Reply =>
  reason === "timeout"
    ? problemReply({
        status: 504,
        code: "origin-timeout",
        title: "Gateway Timeout",
        detail: "The origin did not answer in time, and nothing stored may stand in for it.",
      })
    : problemReply({
        status: 502,
        code: "origin-unreachable",
        title: "Bad Gateway",
        detail: "The origin could not be reached or broke off, and nothing stored may stand in for it.",
      });

/** What an answer straight from the origin looks like to a client. */
export function streamedReply(
  request: EdgeRequest,
  given: {
    status: number;
    headers: HeaderList;
    body: Body;
    age: number | null;
    cacheStatus: string;
  },
): Reply {
  const body = request.method === "HEAD" ? discard(given.body) : given.body;
  return { ...given, headers: clientHeaders(given.headers), body, memory: null };
}
