// Conditional requests answered from what is held (RFC 9110 §13), and what a 304 tells of it.

import { DIGESTS_OF_CONTENT, type HeaderList, type HeaderPair, headerValue, listMembers } from "./headers.ts";
import { parseHttpDate } from "./http-date.ts";

export interface Conditions {
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
}

/** Whether a 200 may be answered with 304: If-None-Match decides alone where it is present (RFC 9110 §13.2.2). */
export function notModified(headers: HeaderList, conditions: Conditions, nowWall: number): boolean {
  if (conditions.ifNoneMatch !== null)
    return matchesEtag(headerValue(headers, "etag"), conditions.ifNoneMatch);
  if (conditions.ifModifiedSince === null) return false;
  // Without Last-Modified its Date stands in (RFC 9111 §4.3.2).
  const modified = headerValue(headers, "last-modified") ?? headerValue(headers, "date");
  const since = parseHttpDate(conditions.ifModifiedSince, nowWall);
  const at = modified === null ? null : parseHttpDate(modified, nowWall);
  return since !== null && at !== null && at <= since;
}

function matchesEtag(etag: string | null, condition: string): boolean {
  if (condition.trim() === "*") return true;
  return etag !== null && listMembers(condition).some((member) => weakly(member) === weakly(etag));
}

/** Weak comparison (RFC 9110 §8.8.3.2). */
const weakly = (etag: string): string => etag.replace(/^W\//, "");

/**
 * Whether two answers are of the same representation as far as their validators tell: by entity tags, weakly compared,
 * where both have one, else by their dates (RFC 9111 §4.3.4). Null where nothing tells.
 */
export function sameByValidators(a: HeaderList, b: HeaderList): boolean | null {
  const tags = [headerValue(a, "etag"), headerValue(b, "etag")] as const;
  if (tags[0] !== null && tags[1] !== null) return weakly(tags[0]) === weakly(tags[1]);
  const dates = [headerValue(a, "last-modified"), headerValue(b, "last-modified")] as const;
  return dates[0] === null || dates[1] === null ? null : dates[0] === dates[1];
}

/** The entity tag that two octet-identical answers share and no other has (RFC 9110 §8.8.1); null where it is weak or absent. */
export function strongEtag(headers: HeaderList): string | null {
  const etag = headerValue(headers, "etag");
  return etag !== null && /^"[^"]*"$/.test(etag) ? etag : null;
}

/** Whether a range may be answered as one under If-Range: strong comparison, or exactly the Last-Modified (RFC 9110 §13.1.5). */
export function rangeApplies(headers: HeaderList, ifRange: string | null, nowWall: number): boolean {
  if (ifRange === null) return true;
  const condition = ifRange.trim();
  if (condition.startsWith('"') || condition.startsWith("W/")) return strongEtag(headers) === condition;
  const asked = parseHttpDate(condition, nowWall);
  const modified = parseHttpDate(headerValue(headers, "last-modified") ?? "", nowWall);
  const made = parseHttpDate(headerValue(headers, "date") ?? "", nowWall);
  // A date is a strong validator only where it can't have been modified twice within it (RFC 9110 §8.8.2.2).
  return asked !== null && asked === modified && made !== null && made - modified >= 1000;
}

/** Fields that describe a content which a 304 does not have (RFC 9110 §15.4.5). */
const OF_CONTENT = new Set([
  ...DIGESTS_OF_CONTENT,
  "content-length",
  "content-type",
  "content-encoding",
  "content-language",
  "content-range",
]);

export const notModifiedHeaders = (headers: HeaderList): HeaderPair[] =>
  headers.filter(([name]) => !OF_CONTENT.has(name));
