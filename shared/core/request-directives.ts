// What a client asks of a cache by Cache-Control or Pragma in its request (RFC 9111 §5.2.1, §5.4).

import { deltaOf, parseDirectives } from "./cache-control.ts";
import type { Millis } from "./units.ts";

/** How far a policy lets clients have their say: `restrict` hears only what makes the cache do less. */
export type RequestDirectivesPolicy = "ignore" | "restrict" | "honor";

export interface RequestDirectives {
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
  readonly noCache: boolean;
  readonly maxAge: Millis | null;
  readonly minFresh: Millis | null;
  /** How long beyond its life an answer may be; null = not at all. */
  readonly maxStale: Millis | null;
}

export const NO_DIRECTIVES: RequestDirectives = {
  noStore: false,
  onlyIfCached: false,
  noCache: false,
  maxAge: null,
  minFresh: null,
  maxStale: null,
};

export function requestDirectives(
  policy: RequestDirectivesPolicy,
  header: (name: string) => string | null,
): RequestDirectives {
  if (policy === "ignore") return NO_DIRECTIVES;
  const value = header("cache-control");
  // Pragma speaks only where Cache-Control is silent.
  if (value === null) return policy === "honor" ? byPragma(header("pragma")) : NO_DIRECTIVES;
  const directives = parseDirectives(value);
  const restricting = {
    noStore: directives.has("no-store"),
    onlyIfCached: directives.has("only-if-cached"),
  };
  if (policy === "restrict") {
    const says = restricting.noStore || restricting.onlyIfCached;
    return says ? { ...NO_DIRECTIVES, ...restricting } : NO_DIRECTIVES;
  }
  const anyStaleness = directives.get("max-stale")?.includes(null) === true;
  return {
    ...restricting,
    noCache: directives.has("no-cache"),
    maxAge: deltaOf(directives, "max-age"),
    minFresh: deltaOf(directives, "min-fresh"),
    maxStale: anyStaleness ? (Number.MAX_SAFE_INTEGER as Millis) : deltaOf(directives, "max-stale"),
  };
}

const byPragma = (pragma: string | null): RequestDirectives =>
  parseDirectives(pragma).has("no-cache") ? { ...NO_DIRECTIVES, noCache: true } : NO_DIRECTIVES;

/** Whether an answer that is good enough for everybody is so for this client too. */
export function satisfies(
  wanted: RequestDirectives,
  answer: { readonly age: Millis; readonly remaining: Millis },
): boolean {
  if (wanted.noCache) return false;
  if (wanted.maxAge !== null && answer.age > wanted.maxAge) return false;
  return wanted.minFresh === null || answer.remaining >= wanted.minFresh;
}
