// How long an answer is fresh, how long it may be served stale, and how old it is (RFC 9111 §4.2, RFC 5861).

import { coverageOf, deltaOf, governingDirectives } from "./cache-control.ts";
import { type HeaderList, headerValue } from "./headers.ts";
import { parseHttpDate } from "./http-date.ts";
import type { Rules } from "./rules.ts";
import { days, type Millis, millis, minutes, seconds } from "./units.ts";

/** What an answer's headers and the rules in force allow, before jitter. */
export interface Lifetime {
  /** Null where neither origin nor policy states one and none may be guessed. */
  readonly fresh: Millis | null;
  readonly staleWhileRevalidate: Millis;
  readonly staleIfError: Millis;
}

export interface LifetimeInput {
  readonly status: number;
  readonly headers: HeaderList;
  readonly rules: Rules;
  /** Wall-clock milliseconds at which the answer arrived: `Expires` is a date. */
  readonly receivedAtWall: number;
}

const NO_STALE = millis(0);

export function lifetimeOf(input: LifetimeInput): Lifetime {
  const { rules } = input;
  const { directives } = governingDirectives(input.headers);
  const bound = mustRevalidate(input.headers);
  const granted = freshFor(input);
  // What must be validated before each use has no life; whether it may be stored at all is for others to say.
  const validated = coverageOf(directives, "no-cache").kind === "answer";
  const storable = granted !== null || HEURISTIC_STATUS.has(input.status);
  const fresh = validated ? (storable ? millis(0) : null) : granted;
  // s-maxage forbids stale serving by default (RFC 9111 §5.2.2.10); an origin that names a window beside it allows that one.
  const declared = (name: string, fallback: Millis | null): Millis =>
    bound
      ? NO_STALE
      : (deltaOf(directives, name) ?? (directives.has("s-maxage") ? null : fallback) ?? NO_STALE);
  // Where nothing is refreshed behind clients' backs, nothing may be served in expectation of it.
  const never = rules.refresh === "none";
  if (rules.ttlMode === "override") {
    return {
      fresh,
      staleWhileRevalidate: bound || never ? NO_STALE : (rules.staleWhileRevalidate ?? NO_STALE),
      staleIfError: bound ? NO_STALE : (rules.staleIfError ?? NO_STALE),
    };
  }
  return {
    fresh,
    staleWhileRevalidate: never ? NO_STALE : declared("stale-while-revalidate", rules.staleWhileRevalidate),
    staleIfError: declared("stale-if-error", rules.staleIfError),
  };
}

/** The origin forbids stale serving for shared caches (RFC 9111 §5.2.2.2, §5.2.2.4, §5.2.2.8). */
export function mustRevalidate(headers: HeaderList): boolean {
  const { directives } = governingDirectives(headers);
  if (directives.has("must-revalidate") || directives.has("proxy-revalidate")) return true;
  return coverageOf(directives, "no-cache").kind === "answer";
}

/** Whether clients who take stale answers (RFC 9111 §5.2.1.2) may have this one: `s-maxage` is no consent (§5.2.2.10). */
export const mayBeTakenStale = (headers: HeaderList): boolean =>
  !mustRevalidate(headers) && !governingDirectives(headers).directives.has("s-maxage");

/** What networks between here and an origin say where they can't reach it. */
const UNREACHED = { from: 520, to: 530 };

/** Statuses in whose place a stale answer may be served (RFC 5861 §4); others of 5xx tell of the request. */
export const staleMayStandIn = (status: number): boolean =>
  status === 500 || (status >= 502 && status <= 504) || (status >= UNREACHED.from && status <= UNREACHED.to);

function freshFor(input: LifetimeInput): Millis | null {
  if (isEventStream(input.headers)) return explicitLifetime(input);
  return lifeOfRules(input) ?? explicitLifetime(input) ?? heuristicLifetime(input);
}

/** The policy's own life, where that is the one that counts; null where the origin's words decide, or nobody's. */
function lifeOfRules(input: LifetimeInput): Millis | null {
  if (isEventStream(input.headers)) return null;
  const ttl = grantedByRules(input.status, input.rules.ttl);
  return ttl !== null && (input.rules.ttlMode === "override" || explicitLifetime(input) === null)
    ? ttl
    : null;
}

/** Whether it is the policy's life that counts, and not the origin's word or a guess. */
export const isOfRules = (input: LifetimeInput): boolean => lifeOfRules(input) !== null;

/** It goes on for as long as somebody listens: only who sends it can know that it may be kept. */
export const isEventStream = (headers: HeaderList): boolean =>
  /^\s*text\/event-stream\s*(;|$)/i.test(headerValue(headers, "content-type") ?? "");

/** A policy's life is meant for answers: what is missing is remembered for a moment, a detour or a failure not at all, unless the origin says so. */
function grantedByRules(status: number, ttl: Millis | null): Millis | null {
  if (ttl === null || !HEURISTIC_STATUS.has(status)) return null;
  return status < 400 ? ttl : millis(Math.min(ttl, NEGATIVE_CAP));
}

function explicitLifetime(input: LifetimeInput): Millis | null {
  const { directives, targeted } = governingDirectives(input.headers);
  const stated = deltaOf(directives, "s-maxage") ?? deltaOf(directives, "max-age");
  if (stated !== null || targeted) return stated;
  const expires = headerValue(input.headers, "expires");
  if (expires === null) return null;
  const at = parseHttpDate(expires, input.receivedAtWall);
  // An invalid Expires, "0" above all, means already expired (RFC 9111 §5.3).
  if (at === null) return millis(0);
  return millis(Math.max(0, at - dateOf(input.headers, input.receivedAtWall)));
}

function dateOf(headers: HeaderList, receivedAtWall: number): number {
  const text = headerValue(headers, "date");
  const date = text === null ? null : parseHttpDate(text, receivedAtWall);
  return date ?? receivedAtWall;
}

/** Statuses that are heuristically cacheable (RFC 9110 §15.1). */
const HEURISTIC_STATUS = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);
const HEURISTIC_CAP = days(1);
/** A page that is missing today may be there in a minute. */
const NEGATIVE_CAP = minutes(1);

/** A tenth of the time since the last modification (RFC 9111 §4.2.2), capped: shorter for what is missing or failed. */
function heuristicLifetime(input: LifetimeInput): Millis | null {
  const { directives } = governingDirectives(input.headers);
  // `public` allows it for any status (RFC 9111 §4.2.2, §5.2.2.9).
  if (!HEURISTIC_STATUS.has(input.status) && !directives.has("public")) return null;
  if (/\bno-cache\b/i.test(headerValue(input.headers, "pragma") ?? "")) return null;
  const modified = headerValue(input.headers, "last-modified");
  const at = modified === null ? null : parseHttpDate(modified, input.receivedAtWall);
  if (at === null) return null;
  const cap = input.status < 400 ? HEURISTIC_CAP : NEGATIVE_CAP;
  return millis(
    Math.min(cap, Math.max(0, Math.floor((dateOf(input.headers, input.receivedAtWall) - at) / 10))),
  );
}

export interface AgeInput extends LifetimeInput {
  /** Whose Date and Age count where they are not those of `headers`, as after a 304. */
  readonly arrived?: HeaderList;
  readonly responseDelay: Millis;
}

/**
 * How old an answer already was when its request was sent: `corrected_initial_age` of RFC 9111 §4.2.3 less
 * the response delay, which every tier counts itself from that same instant on.
 */
export const ageWhenSent = (input: AgeInput): Millis =>
  // A policy's life begins when the origin is asked: by Date, an origin whose clock is slow would never be cached.
  isOfRules(input) ? statedAge(input) : datedAge(input);

/** How much older it was by its `Date`, which a policy's life leaves out. */
export const ageLeftOut = (input: AgeInput): Millis => millis(datedAge(input) - ageWhenSent(input));

const statedAge = ({ headers, arrived = headers }: AgeInput): Millis =>
  ageHeader(headerValue(arrived, "age"));

function datedAge(input: AgeInput): Millis {
  const { arrived = input.headers, receivedAtWall, responseDelay } = input;
  const stated = statedAge(input);
  const apparent = Math.max(0, receivedAtWall - dateOf(arrived, receivedAtWall));
  // A Date has whole seconds: up to one of apparent age is rounding.
  const apparentWhenSent = apparent < 1000 ? 0 : apparent - responseDelay;
  return millis(Math.max(0, apparentWhenSent, stated));
}

/** Whether an answer was past its life, and all windows in which it may be served stale, before it came. */
export function isOverOnArrival(input: AgeInput): boolean {
  const { fresh, staleWhileRevalidate, staleIfError } = lifetimeOf(input);
  return ageWhenSent(input) >= (fresh ?? 0) + Math.max(staleWhileRevalidate, staleIfError);
}

function ageHeader(value: string | null): Millis {
  const first = (value ?? "").split(",", 1)[0]?.trim() ?? "";
  return /^\d+$/.test(first) ? seconds(Math.min(Number(first), 2 ** 31)) : millis(0);
}

/** Where an answer stands at one instant. `usableIfError` is how much longer it may stand in for a failed origin. */
export type Freshness =
  | { readonly kind: "fresh"; readonly remaining: Millis }
  | { readonly kind: "stale-while-revalidate"; readonly staleFor: Millis; readonly ifError: boolean }
  | { readonly kind: "stale-if-error"; readonly staleFor: Millis }
  | { readonly kind: "expired"; readonly staleFor: Millis };

export interface FreshnessInput {
  readonly age: Millis;
  readonly fresh: Millis;
  readonly staleWhileRevalidate: Millis;
  readonly staleIfError: Millis;
  /** How long ago a soft invalidation made the answer stale, or null. */
  readonly softFor: Millis | null;
}

/** A soft invalidation ends freshness at its own moment; the stale windows count from whichever end came first. */
export function freshnessAt(input: FreshnessInput): Freshness {
  const expiredFor = input.age - input.fresh;
  const staleFor = millis(Math.max(expiredFor, input.softFor ?? Number.NEGATIVE_INFINITY));
  if (staleFor < 0) return { kind: "fresh", remaining: millis(-staleFor) };
  const ifError = staleFor < input.staleIfError;
  if (staleFor < input.staleWhileRevalidate) return { kind: "stale-while-revalidate", staleFor, ifError };
  return ifError ? { kind: "stale-if-error", staleFor } : { kind: "expired", staleFor };
}
