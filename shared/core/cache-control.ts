// Cache-Control as received in the wild: parsed leniently, ambiguity read as less fresh (RFC 9111 §4.2.1, §5.2).

import { type HeaderList, headerValue, listMembers } from "./headers.ts";
import { Remembered } from "./remembered.ts";
import { type BareItem, dictionaryMembers, type Parameters } from "./structured-fields.ts";
import { type Millis, seconds } from "./units.ts";

/** Directives by lower-case name. A repeated one keeps all of its arguments. */
export type Directives = ReadonlyMap<string, readonly (string | null)[]>;

const NONE: Directives = new Map();

/** RFC 9111 §1.2.2: a value too large to hold counts as 2^31. */
const LARGEST_DELTA_SECONDS = 2 ** 31;

/** Most answers of a site say the same. */
const parsed = new Remembered<Directives>({ characters: 16_384, longest: 256 });

export const parseDirectives = (value: string | null): Directives =>
  value === null ? NONE : parsed.of(value, parse);

function parse(value: string): Directives {
  const directives = new Map<string, (string | null)[]>();
  for (const member of listMembers(value)) {
    const equals = member.indexOf("=");
    const name = (equals < 0 ? member : member.slice(0, equals)).trim().toLowerCase();
    const raw = equals < 0 ? null : member.slice(equals + 1).trim();
    if (name === "") continue;
    if (!isWellFormed(name, raw)) for (const word of forbidden(member)) directives.set(word, [null]);
    // Fields are named in quotes (RFC 9111 §5.2.2.4, §5.2.2.7); anything else is not taken for a limit.
    const limits = raw?.startsWith('"') === true || !LIMITABLE.has(name);
    const argument = raw === null || !limits ? null : unquote(raw);
    const seen = directives.get(name);
    if (seen === undefined) directives.set(name, [argument]);
    else seen.push(argument);
  }
  return directives;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const QUOTED = /^"(?:[^"\\]|\\.)*"$/;

/** `no-store; max-age=0` is one directive of no name that anybody knows: what its author meant is plain all the same. */
const isWellFormed = (name: string, argument: string | null): boolean =>
  TOKEN.test(name) && (argument === null || TOKEN.test(argument) || QUOTED.test(argument));

const FORBIDDING = ["no-store", "private", "no-cache", "must-revalidate", "proxy-revalidate"];

/** Words of a malformed member by which less may be done with an answer; whatever would allow more is left unread. */
function forbidden(member: string): readonly string[] {
  const words = member.toLowerCase().split(/[^a-z0-9_-]+/);
  return FORBIDDING.filter((word) => words.includes(word));
}

/** Directives that can be limited to some fields of an answer. */
const LIMITABLE = new Set(["no-cache", "private"]);

/**
 * The delta-seconds of a directive as milliseconds: the least of its arguments, zero where one is not a
 * delta-seconds (RFC 9111 §4.2.1: invalid freshness is stale), null where the directive is absent.
 */
export function deltaOf(directives: Directives, name: string): Millis | null {
  const values = directives.get(name);
  if (values === undefined) return null;
  return seconds(values.map(parseDeltaSeconds).reduce((least, each) => Math.min(least, each)));
}

function parseDeltaSeconds(argument: string | null): number {
  if (argument === null || !/^\d+$/.test(argument)) return 0;
  return Math.min(Number(argument), LARGEST_DELTA_SECONDS);
}

/** Fields with which an origin speaks to this cache or its kind alone, most specific first (RFC 9213 §2). */
export const TARGETED_FIELDS = ["tidegate-cache-control", "cdn-cache-control", "surrogate-control"] as const;

/** How `Surrogate-Control` may address this cache, as its `Surrogate-Capability` says (W3C Edge Architecture §2.2). */
export const SURROGATE_NAME = "tidegate";

export interface Governing {
  readonly directives: Directives;
  readonly targeted: boolean;
}

/** Lists do not change, and one answer is asked about from several sides. */
const known = new WeakMap<HeaderList, Governing>();

/** The directives that govern this cache: the most specific targeted field that says anything, else Cache-Control. */
export function governingDirectives(headers: HeaderList): Governing {
  const there = known.get(headers);
  if (there !== undefined) return there;
  const governing = governingOf(headers);
  known.set(headers, governing);
  return governing;
}

function governingOf(headers: HeaderList): Governing {
  for (const field of TARGETED_FIELDS) {
    const value = headerValue(headers, field);
    const directives = value === null ? NONE : targetedDirectives(field, value);
    if (directives.size > 0) return { directives, targeted: true };
  }
  return { directives: parseDirectives(headerValue(headers, "cache-control")), targeted: false };
}

/** Directives whose argument is a number of seconds; with one of another type they count as not given (RFC 9213 §2.1). */
const COUNTED = new Set(["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]);

/** A dictionary of Structured Fields: empty where it can't be parsed, because then it is ignored as a whole (RFC 9213 §2.1). */
function targetedDirectives(field: string, value: string): Directives {
  const surrogate = field === "surrogate-control";
  // Older than Structured Fields, and without regard to case.
  const members = dictionaryMembers(surrogate ? value.toLowerCase() : value);
  if (members === null) return NONE;
  const directives = new Map<string, (string | null)[]>();
  for (const [name, member] of members) {
    if (member.kind !== "item" || (surrogate && isForOthers(member.parameters))) continue;
    const argument = argumentOf(name, member.bare);
    if (argument === undefined) directives.delete(name);
    else directives.set(name, [argument]);
  }
  // "Remote" are all surrogates that are not the origin's own.
  if (surrogate && directives.has("no-store-remote")) directives.set("no-store", [null]);
  return surrogate && !SURROGATE_CACHING.some((name) => directives.has(name)) ? NONE : directives;
}

/** It speaks of other things too: what says nothing of caching must not stand in for a `Cache-Control` that does. */
const SURROGATE_CACHING = ["max-age", "no-store", "private", "no-cache"];

const isForOthers = (parameters: Parameters): boolean =>
  parameters.size > 0 && !parameters.has(SURROGATE_NAME);

/** Undefined where the directive is not given: `?0`, or a type that its meaning does not know. */
function argumentOf(name: string, bare: BareItem): string | null | undefined {
  if (COUNTED.has(name)) return bare.kind === "integer" ? String(bare.value) : undefined;
  if (bare.kind === "boolean") return bare.value ? null : undefined;
  return LIMITABLE.has(name) && bare.kind !== "string" ? null : String(bare.value);
}

/** What a directive that can be limited to fields covers (`no-cache`, `private`; RFC 9111 §5.2.2.4, §5.2.2.7). */
export type Coverage =
  | { readonly kind: "nothing" }
  | { readonly kind: "answer" }
  | { readonly kind: "fields"; readonly names: readonly string[] };

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Anything but a clean list of field names covers the whole answer. */
export function coverageOf(directives: Directives, name: string): Coverage {
  const given = directives.get(name);
  if (given === undefined) return { kind: "nothing" };
  const names = given.flatMap((argument) =>
    (argument ?? "").split(",").map((part) => part.trim().toLowerCase()),
  );
  return names.every((each) => FIELD_NAME.test(each)) ? { kind: "fields", names } : { kind: "answer" };
}

/** `Cache-Control` for the client with what was meant for shared caches removed; null where nothing is left. */
export function withoutSharedDirectives(value: string): string | null {
  const kept = listMembers(value).filter((member) => !/^(s-maxage|proxy-revalidate)\b/i.test(member));
  return kept.length === 0 ? null : kept.join(", ");
}

function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}
