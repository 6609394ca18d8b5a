// Whether a shared cache may store an answer (RFC 9111 §3), and if not, why.

import { coverageOf, type Directives, governingDirectives } from "./cache-control.ts";
import { type HeaderList, hasHeader, headerValue } from "./headers.ts";
import type { Rules } from "./rules.ts";
import { parseList } from "./structured-fields.ts";
import { canBeHeeded, varyNames } from "./vary.ts";

export interface StorabilityInput {
  readonly method: string;
  readonly authorized: boolean;
  readonly requestNoStore: boolean;
  /** The request had fields that could themselves have provoked an error or a detour (see `provocation.ts`). */
  readonly provocative: boolean;
  readonly status: number;
  readonly headers: HeaderList;
  readonly rules: Rules;
  /** Lifetime in milliseconds as `lifetimeOf` found it; null = none stated and none to be guessed. */
  readonly lifetime: number | null;
  /** As `isOverOnArrival` found it. */
  readonly isOver: boolean;
}

export type Storability =
  | { readonly kind: "store" }
  | { readonly kind: "refuse"; readonly reason: RefusalReason };

export type RefusalReason =
  | "method"
  | "spelling"
  | "status"
  | "provoked"
  | "no-store"
  | "private"
  | "authorization"
  | "set-cookie"
  | "vary-star"
  | "vary-names"
  | "no-lifetime"
  | "no-validator"
  | "expired"
  | "tags"
  | "no-room";

/** Final statuses whose meaning for caches is defined and heeded here (RFC 9110 §15, RFC 9111 §5.2.2.3). */
const UNDERSTOOD = new Set([
  ...[200, 201, 202, 203, 204, 206, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 409, 410],
  ...[414, 422, 429, 451, 500, 501, 502, 503, 504, 505],
]);
/** Never stored whole: no content to keep, deltas, and verdicts on one request's own fields. */
const OF_ONE_REQUEST = new Set([
  ...[205, 226, 304, 305, 306, 406, 407, 408, 411, 412, 413, 415, 416, 417, 421, 425, 426, 428, 431],
]);
const BAD_REQUEST = 400;
/** Verdicts on who asks, or how often: others may be welcome. */
const OF_ITS_ASKER = new Set([401, 403, 429]);

/** Whether an answer that is not stored says nothing of what others would get: it speaks of its own request. */
export const isOfOneRequest = (status: number): boolean =>
  status === BAD_REQUEST || OF_ONE_REQUEST.has(status);

/** Whether it may speak of its sender, and not of what he asked for. */
export const isOfItsAsker = (status: number): boolean => OF_ITS_ASKER.has(status);

/** More tags than this, or more bytes of them, and the answer is not stored: a tag cut off would be a purge missed. */
export const MAX_TAGS = 1000;
export const MAX_TAG_BYTES = 32_768;

/** A 206 is judged like any answer: it is for the caller to keep it as the part that it is. */
export function storability(input: StorabilityInput): Storability {
  const reason =
    refusedByWords(input) ??
    byLifetime(input, governingDirectives(input.headers).directives) ??
    (tagsWithinLimits(input.headers) ? null : "tags");
  return reason === null ? { kind: "store" } : { kind: "refuse", reason };
}

type Worded = Omit<StorabilityInput, "lifetime" | "isOver">;

/** Why it is refused whatever its life: told without working that out. */
export const refusedByWords = (input: Worded): RefusalReason | null =>
  byRequest(input) ?? byDirectives(input, governingDirectives(input.headers).directives) ?? byHeaders(input);

function byRequest(input: Worded): RefusalReason | null {
  const { status } = input;
  if (input.method !== "GET") return "method";
  if (input.rules.kept === "for nobody") return "spelling";
  if (status < 200 || status > 599 || OF_ONE_REQUEST.has(status)) return "status";
  if (status >= 300 && input.provocative) return "provoked";
  return input.requestNoStore ? "no-store" : null;
}

/** RFC 9111 §3, §3.5, §5.2.2. */
function byDirectives(input: Worded, directives: Directives): RefusalReason | null {
  // Who understands the status heeds what it means and not the `no-store` that is meant for all others.
  const mustUnderstand = directives.has("must-understand");
  if (mustUnderstand && !UNDERSTOOD.has(input.status)) return "status";
  if (directives.has("no-store") && !mustUnderstand) return "no-store";
  if (coverageOf(directives, "private").kind === "answer") return "private";
  return input.authorized && !isSharable(directives) ? "authorization" : null;
}

/** RFC 9111 §3.5. */
const isSharable = (directives: Directives): boolean =>
  ["public", "s-maxage", "must-revalidate"].some((name) => directives.has(name));

/** Whether an answer says that credentials which it was asked for with make it nobody's own (RFC 9111 §3.5). */
export const isForEverybody = (headers: HeaderList): boolean =>
  isSharable(governingDirectives(headers).directives);

function byHeaders(input: Worded): RefusalReason | null {
  const { headers, rules } = input;
  if (hasHeader(headers, "set-cookie") && rules.setCookie === "refuse") return "set-cookie";
  const names = varyNames(headers);
  if (names.includes("*")) return "vary-star";
  return canBeHeeded(names) ? null : "vary-names";
}

function byLifetime(input: StorabilityInput, directives: Directives): RefusalReason | null {
  if (input.lifetime === null) return "no-lifetime";
  if (hasValidator(input.headers)) return null;
  // What can be neither served nor validated ever is of no use.
  if (input.lifetime > 0) return input.isOver ? "expired" : null;
  return mayBeServedStale(directives) ? null : "no-validator";
}

export const hasValidator = (headers: HeaderList): boolean =>
  hasHeader(headers, "etag") || hasHeader(headers, "last-modified");

/** Preconditions are only of what would be a success (RFC 9110 §13.2.1): a 304 confirms nothing else. */
export const canBeValidated = ({ status, headers }: { status: number; headers: HeaderList }): boolean =>
  status < 300 && hasValidator(headers);

function mayBeServedStale(directives: Directives): boolean {
  if (coverageOf(directives, "no-cache").kind === "answer") return false;
  if (directives.has("must-revalidate") || directives.has("proxy-revalidate")) return false;
  return ["stale-while-revalidate", "stale-if-error"].some((name) => directives.has(name));
}

const TAG_FIELDS = ["cache-tag", "surrogate-key", "xkey", "cache-groups"] as const;

/** The tags that an origin gave an answer: `Cache-Tag` by commas, `Surrogate-Key` and `xkey` by spaces, groups as strings. */
export function tagsOf(headers: HeaderList): string[] {
  const tags = new Set<string>();
  // Cache-Tag knows no quoted strings: a quote in one tag must not hide the next one from a purge.
  for (const tag of asUtf8(headerValue(headers, "cache-tag") ?? "").split(","))
    if (tag.trim() !== "") tags.add(tag.trim());
  for (const field of ["surrogate-key", "xkey"]) {
    for (const tag of asUtf8(headerValue(headers, field) ?? "").split(/[\s,]+/))
      if (tag !== "") tags.add(tag);
  }
  for (const group of groupNames(headerValue(headers, "cache-groups"))) tags.add(group);
  return [...tags];
}

/** Runtimes read the octets of a field as Latin-1; those that are UTF-8 were meant as it, and purges name them so. */
function asUtf8(value: string): string {
  if (!/[^ -~\t]/.test(value) || /[\u0100-\uffff]/.test(value)) return value;
  const coded = value.replace(
    /[^ -$&-~\t]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  try {
    return decodeURIComponent(coded);
  } catch (error) {
    if (error instanceof URIError) return value;
    throw error;
  }
}

/** The strings of a `Cache-Groups` or `Cache-Group-Invalidation` list; one that can't be parsed names none (RFC 9875 §2, §3). */
export function groupNames(value: string | null): string[] {
  const members = value === null ? null : parseList(value);
  const names = (members ?? []).map((member) =>
    member.kind === "item" && member.bare.kind === "string" ? member.bare.value : "",
  );
  return names.filter((name) => name !== "");
}

export const TAG_FIELD_NAMES: ReadonlySet<string> = new Set(TAG_FIELDS);

function tagsWithinLimits(headers: HeaderList): boolean {
  const tags = tagsOf(headers);
  return tags.length <= MAX_TAGS && tags.reduce((sum, tag) => sum + tag.length, 0) <= MAX_TAG_BYTES;
}
