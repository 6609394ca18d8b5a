// Whether a shared cache may store an answer (RFC 9111 §3), and if not, why.

import { governingDirectives } from "./cache-control.ts";
import { type HeaderList, hasHeader, headerValue, listMembers } from "./headers.ts";
import type { Rules } from "./rules.ts";

export interface StorabilityInput {
  readonly method: string;
  readonly authorized: boolean;
  readonly requestNoStore: boolean;
  readonly status: number;
  readonly headers: HeaderList;
  readonly rules: Rules;
  /** Lifetime in milliseconds as `lifetimeOf` found it; null = none stated and none to be guessed. */
  readonly lifetime: number | null;
}

export type Storability =
  | { readonly kind: "store" }
  | { readonly kind: "refuse"; readonly reason: RefusalReason };

export type RefusalReason =
  | "method"
  | "status"
  | "no-store"
  | "private"
  | "authorization"
  | "set-cookie"
  | "vary-star"
  | "no-lifetime"
  | "no-validator"
  | "tags";

/** Final statuses whose meaning a cache understands without more (RFC 9110 §15.1), 206 apart. */
const UNDERSTOOD = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501]);
const ERROR_WITH_EXPLICIT_LIFETIME = (status: number): boolean => status >= 400 && status < 600;

/** More tags than this, or more bytes of them, and the answer is not stored: a tag cut off would be a purge missed. */
export const MAX_TAGS = 1000;
export const MAX_TAG_BYTES = 32_768;

export function storability(input: StorabilityInput): Storability {
  const refuse = (reason: RefusalReason): Storability => ({ kind: "refuse", reason });
  const { directives } = governingDirectives(input.headers);
  if (input.method !== "GET") return refuse("method");
  if (!UNDERSTOOD.has(input.status) && !ERROR_WITH_EXPLICIT_LIFETIME(input.status)) return refuse("status");
  if (input.requestNoStore || directives.has("no-store")) return refuse("no-store");
  if (directives.has("private")) return refuse("private");
  if (input.authorized && !["public", "s-maxage", "must-revalidate"].some((name) => directives.has(name)))
    return refuse("authorization");
  if (hasHeader(input.headers, "set-cookie")) return refuse("set-cookie");
  if (listMembers(headerValue(input.headers, "vary")).includes("*")) return refuse("vary-star");
  if (input.lifetime === null) return refuse("no-lifetime");
  if (input.lifetime === 0 && !hasValidator(input.headers) && !mayBeServedStale(input))
    return refuse("no-validator");
  return tagsWithinLimits(input.headers) ? { kind: "store" } : refuse("tags");
}

export const hasValidator = (headers: HeaderList): boolean =>
  hasHeader(headers, "etag") || hasHeader(headers, "last-modified");

function mayBeServedStale(input: StorabilityInput): boolean {
  const { directives } = governingDirectives(input.headers);
  if (["no-cache", "must-revalidate", "proxy-revalidate"].some((name) => directives.has(name))) return false;
  return ["stale-while-revalidate", "stale-if-error"].some((name) => directives.has(name));
}

const TAG_FIELDS = ["cache-tag", "surrogate-key", "xkey", "cache-groups"] as const;

/** The tags that an origin gave an answer: `Cache-Tag` by commas, `Surrogate-Key` and `xkey` by spaces, groups as strings. */
export function tagsOf(headers: HeaderList): string[] {
  const tags = new Set<string>();
  // Cache-Tag knows no quoted strings: a quote in one tag must not hide the next one from a purge.
  for (const tag of (headerValue(headers, "cache-tag") ?? "").split(","))
    if (tag.trim() !== "") tags.add(tag.trim());
  for (const field of ["surrogate-key", "xkey"]) {
    for (const tag of (headerValue(headers, field) ?? "").split(/[\s,]+/)) if (tag !== "") tags.add(tag);
  }
  for (const group of groupNames(headerValue(headers, "cache-groups"))) tags.add(group);
  return [...tags];
}

/** The strings of a `Cache-Groups` or `Cache-Group-Invalidation` list (RFC 9875 §2, §3). */
export function groupNames(value: string | null): string[] {
  const names = listMembers(value).map((member) => /^"((?:[^"\\]|\\.)*)"/.exec(member)?.[1] ?? "");
  return names.map((name) => name.replace(/\\(.)/g, "$1")).filter((name) => name !== "");
}

export const TAG_FIELD_NAMES: ReadonlySet<string> = new Set(TAG_FIELDS);

function tagsWithinLimits(headers: HeaderList): boolean {
  const tags = tagsOf(headers);
  return tags.length <= MAX_TAGS && tags.reduce((sum, tag) => sum + tag.length, 0) <= MAX_TAG_BYTES;
}
