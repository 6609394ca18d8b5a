// Samples that the core's tests share: policies, rules, headers and URLs, made short to write.

import { assert, type IProperty } from "fast-check";
import type { UrlParts } from "../../shared/core/cache-key.ts";
import { STANDARD_CLASS } from "../../shared/core/classes.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import { parsePattern } from "../../shared/core/pattern.ts";
import { DEFAULT_HANDLING, type Policy, type Rules, rulesOfClass } from "../../shared/core/rules.ts";

/** Noon of a day in 2026, as every test's wall clock reads. */
export const NOON = Date.UTC(2026, 6, 1, 12, 0, 0);

/** A policy of the class `hot` that says nothing but which URLs it claims, changed as a test needs. */
export function policyOf(pattern: string, changes: Partial<Policy> = {}): Policy {
  const parsed = parsePattern(pattern);
  if (parsed.kind === "invalid") throw new Error(parsed.message);
  return {
    id: pattern,
    site: "shop",
    pattern: parsed.pattern,
    class: "hot",
    ttl: null,
    ttlMode: "respect",
    staleWhileRevalidate: null,
    staleIfError: null,
    eviction: null,
    refresh: null,
    write: null,
    journal: {},
    window: null,
    fence: null,
    ...DEFAULT_HANDLING,
    priority: 0,
    ...changes,
  };
}

/** The rules of a URL that no policy claims, changed as a test needs. */
export const rulesWith = (changes: Partial<Rules> = {}): Rules => ({
  ...rulesOfClass(STANDARD_CLASS),
  policyId: "a-policy",
  ...changes,
});

export const cacheControl = (value: string): HeaderList => [["cache-control", value]];

export const httpDate = (wall: number): string => new Date(wall).toUTCString();

export function urlParts(text: string): UrlParts {
  const url = new URL(text);
  return {
    scheme: url.protocol.slice(0, -1),
    host: url.host,
    path: url.pathname,
    query: url.search.slice(1),
    hasQuery: url.href.includes("?"),
  };
}

/** Fails with the smallest counterexample found in so many runs. */
export const holds = <Ts>(property: IProperty<Ts>, runs = 100): void => assert(property, { numRuns: runs });
