// What the origin is sent: the client's headers less what must not shape a stored answer, plus our validators.

import { type HeaderList, type HeaderPair, headerValue, hopByHopNames } from "../shared/core/headers.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import type { EdgeRequest } from "./request.ts";

/** Fields by which a client could make an origin answer for another resource than the key names. */
const SHAPING = [
  "forwarded",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-scheme",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-server",
  "x-original-url",
  "x-rewrite-url",
  "x-original-host",
  "x-host",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
];

/** Fields of one client's request that would make the answer his alone. */
const SELECTIVE = [
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
  "range",
  "cache-control",
  "pragma",
  "accept-encoding",
];

/** Every request that leaves the edge carries these fields of ours, and no client's copy of them. */
const OURS = ["via", "tidegate-min-position", "tidegate-position"];

function forwardable(request: EdgeRequest, dropped: readonly string[]): HeaderPair[] {
  const headers = request.headers();
  const gone = new Set([...hopByHopNames(headers), ...dropped, ...OURS]);
  const via = headerValue(headers, "via");
  const kept = headers.filter(([name]) => !gone.has(name) && !name.startsWith("x-tidegate-"));
  return [...kept, ["via", via === null ? "1.1 tidegate" : `${via}, 1.1 tidegate`]];
}

/**
 * A request whose answer may be stored and shared. It asks for the identity coding: a runtime that decodes
 * bodies on the way would otherwise hand over other bytes than the origin sent.
 */
export function sharedRequestHeaders(request: EdgeRequest, validators: StoredAnswer | null): HeaderList {
  const headers = forwardable(request, [...SHAPING, ...SELECTIVE, "content-length", "content-type"]);
  headers.push(["accept-encoding", "identity"]);
  if (validators !== null) headers.push(...conditions(validators));
  return headers;
}

/** A request that is passed through for its sender alone. */
export const passedRequestHeaders = (request: EdgeRequest): HeaderList => forwardable(request, SHAPING);

function conditions(answer: StoredAnswer): HeaderPair[] {
  const etag = headerValue(answer.headers, "etag");
  const modified = headerValue(answer.headers, "last-modified");
  const pairs: HeaderPair[] = [];
  if (etag !== null) pairs.push(["if-none-match", etag]);
  if (modified !== null) pairs.push(["if-modified-since", modified]);
  return pairs;
}
