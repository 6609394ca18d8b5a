// Conditional requests answered from what is held (RFC 9110 §13).

import { type HeaderList, headerValue, listMembers } from "./headers.ts";
import { parseHttpDate } from "./http-date.ts";

export interface Conditions {
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
}

/** Whether a 200 may be answered with 304: If-None-Match decides alone where it is present (RFC 9110 §13.2.2). */
export function notModified(headers: HeaderList, conditions: Conditions, nowWall: number): boolean {
  if (conditions.ifNoneMatch !== null)
    return matchesEtag(headerValue(headers, "etag"), conditions.ifNoneMatch);
  const modified = headerValue(headers, "last-modified");
  if (conditions.ifModifiedSince === null || modified === null) return false;
  const since = parseHttpDate(conditions.ifModifiedSince, nowWall);
  const at = parseHttpDate(modified, nowWall);
  return since !== null && at !== null && at <= since;
}

function matchesEtag(etag: string | null, condition: string): boolean {
  if (condition.trim() === "*") return true;
  return etag !== null && listMembers(condition).some((member) => weak(member) === weak(etag));
}

/** Weak comparison (RFC 9110 §8.8.3.2). */
const weak = (etag: string): string => etag.replace(/^W\//, "");
