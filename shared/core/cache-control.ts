// Cache-Control as received in the wild: parsed leniently, ambiguity read as less fresh (RFC 9111 §4.2.1, §5.2).

import { type HeaderList, headerValue, listMembers } from "./headers.ts";
import { type Millis, seconds } from "./units.ts";

/** Directives by lower-case name. A repeated one keeps all of its arguments. */
export type Directives = ReadonlyMap<string, readonly (string | null)[]>;

/** RFC 9111 §1.2.2: a value too large to hold counts as 2^31. */
const LARGEST_DELTA_SECONDS = 2 ** 31;

export function parseDirectives(value: string | null): Directives {
  const directives = new Map<string, (string | null)[]>();
  for (const member of listMembers(value)) {
    const equals = member.indexOf("=");
    const name = (equals < 0 ? member : member.slice(0, equals)).trim().toLowerCase();
    const argument = equals < 0 ? null : unquote(member.slice(equals + 1).trim());
    if (name === "") continue;
    const seen = directives.get(name);
    if (seen === undefined) directives.set(name, [argument]);
    else seen.push(argument);
  }
  return directives;
}

/**
 * The delta-seconds of a directive as milliseconds: the least of its arguments, zero where one is not a
 * delta-seconds (RFC 9111 §4.2.1: invalid freshness is stale), null where the directive is absent.
 */
export function deltaOf(directives: Directives, name: string): Millis | null {
  const values = directives.get(name);
  if (values === undefined) return null;
  return seconds(Math.min(...values.map(parseDeltaSeconds)));
}

function parseDeltaSeconds(argument: string | null): number {
  if (argument === null || !/^\d+$/.test(argument)) return 0;
  return Math.min(Number(argument), LARGEST_DELTA_SECONDS);
}

/** Fields with which an origin speaks to this cache alone, most specific first (RFC 9213 §2). */
export const TARGETED_FIELDS = ["tidegate-cache-control", "cdn-cache-control", "surrogate-control"] as const;

/** The directives that govern this cache: the most specific targeted field that says anything, else Cache-Control. */
export function governingDirectives(headers: HeaderList): { directives: Directives; targeted: boolean } {
  for (const field of TARGETED_FIELDS) {
    const directives = parseDirectives(headerValue(headers, field));
    if (directives.size > 0) return { directives, targeted: true };
  }
  return { directives: parseDirectives(headerValue(headers, "cache-control")), targeted: false };
}

/** `Cache-Control` for the client: what was meant for shared caches removed; null where nothing is left. */
export function clientCacheControl(value: string): string | null {
  const kept = listMembers(value).filter((member) => !/^(s-maxage|proxy-revalidate)\b/i.test(member));
  return kept.length === 0 ? null : kept.join(", ");
}

function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}
