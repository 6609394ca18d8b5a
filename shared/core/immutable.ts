// What browsers are told of content that never changes (RFC 8246): only where its origin has not said otherwise.

import { type Directives, deltaOf, governingDirectives, parseDirectives } from "./cache-control.ts";
import { type HeaderList, headerValue, withHeader } from "./headers.ts";
import type { Rules } from "./rules.ts";

/** Words with which an origin forbids to keep, to share or to reuse unasked: they stand as they are. */
const FORBIDDING = [
  "no-store",
  "no-cache",
  "private",
  "must-revalidate",
  "proxy-revalidate",
  "must-understand",
];
/** Statuses whose answers are the content of the URL, or say for good where it is. */
const FOR_GOOD = new Set([200, 203, 206, 301, 308]);

export type Saying = Pick<Rules, "content" | "answer" | "ttl">;

/** As the origin sent it. */
interface Said {
  readonly status: number;
  readonly headers: HeaderList;
}

/**
 * What a client sees with `immutable`, and with the class's lifetime where the origin states none. Whoever states one
 * keeps it: within it nobody has to ask again.
 */
export function withImmutable(seen: HeaderList, origin: Said, rules: Saying): HeaderList {
  if (rules.content !== "immutable" || rules.answer.immutable === "leave" || !FOR_GOOD.has(origin.status))
    return seen;
  const said = sayingBeside(origin.headers, rules);
  if (said === null) return seen;
  const value = headerValue(seen, "cache-control");
  return withHeader(seen, "cache-control", value === null ? said : `${value}, ${said}`);
}

/** What is to stand beside what the origin says; null where it has said otherwise. */
function sayingBeside(headers: HeaderList, rules: Saying): string | null {
  const directives = parseDirectives(headerValue(headers, "cache-control"));
  const governing = governingDirectives(headers).directives;
  // What the origin forbids caches like this one alone, it does not say of content that never changes.
  if (directives.has("immutable") || forbids(directives) || forbids(governing)) return null;
  // Cookies are somebody's.
  if (headerValue(headers, "set-cookie") !== null) return null;
  if (/\bno-cache\b/i.test(headerValue(headers, "pragma") ?? "")) return null;
  const own = deltaOf(directives, "max-age");
  if (own !== null) return own > 0 ? "immutable" : null;
  // A date, or a lifetime for shared caches alone, is a lifetime stated, whichever field says it.
  if (headerValue(headers, "expires") !== null || rules.ttl === null) return null;
  if ([directives, governing].some((said) => said.has("s-maxage") || said.has("max-age"))) return null;
  return `max-age=${Math.floor(rules.ttl / 1000)}, immutable`;
}

const forbids = (directives: Directives): boolean => FORBIDDING.some((name) => directives.has(name));
