// The one format in which an answer is kept in every tier: what was received, and what is needed to judge it later.

import { type Freshness, freshnessAt, isOfRules, type Lifetime, lifetimeOf } from "./freshness.ts";
import type { HeaderList } from "./headers.ts";
import { jitteredLifetime } from "./jitter.ts";
import type { Position } from "./position.ts";
import type { Rules } from "./rules.ts";
import { hasValidator } from "./storability.ts";
import { days, elapsed, type Instant, type Millis, millis, minutes, type Selector } from "./units.ts";
import type { VaryValues } from "./vary.ts";

/** Which part of a representation the body is: all of it, or the octets `from` to `to` of `complete`, both inclusive. */
export type Part =
  | { readonly kind: "whole" }
  | { readonly kind: "range"; readonly from: number; readonly to: number; readonly complete: number };

/**
 * `stored` life and stale windows are those granted when the answer was stored. Readers take the lesser
 * of these and what the rules in force would grant, so a policy that shortens life reaches what is stored.
 */
export interface StoredAnswer {
  readonly version: 2;
  /** Unique to this fill: write-backs and freshening name it, so that they never touch a successor. */
  readonly id: string;
  readonly key: string;
  readonly status: number;
  readonly headers: HeaderList;
  readonly class: string;
  readonly selectors: readonly Selector[];
  readonly asOf: Position;
  readonly vary: VaryValues;
  readonly part: Part;
  /** Octets of the body, verified when it was stored. */
  readonly length: number;
  /** A write-back value not yet delivered to the origin; fills never replace it. */
  readonly dirty: boolean;
  readonly fresh: Millis;
  readonly staleWhileRevalidate: Millis;
  readonly staleIfError: Millis;
  /** Its age at the instant its origin request was sent (see `ageWhenSent`). */
  readonly ageWhenSent: Millis;
  /** How much older it was by its `Date`, where the life that it was stored with leaves that out (see `ageLeftOut`). */
  readonly ageLeftOut?: Millis;
  /** How long the origin took over it; left out by releases that did not measure it. */
  readonly fetchedIn?: Millis;
  /** The filler's wall clock on arrival: read only to subtract it from dates in this answer's own headers. */
  readonly receivedAtWall: number;
  /** Seed of the jitter, shared by all replicas of this fill. */
  readonly lease: string;
}

export const STORED_ANSWER_VERSION = 2;

type Life = Lifetime & { readonly fresh: Millis };

/** Of an answer and of rules, neither of which changes: one request asks for it several times, and the next one again. */
const lives = new WeakMap<StoredAnswer, { readonly rules: Rules; readonly life: Life }>();

/** The life that an answer has under the rules in force: never more than it was stored with. */
export function currentLifetime(answer: StoredAnswer, rules: Rules): Life {
  const known = lives.get(answer);
  if (known?.rules === rules) return known.life;
  const life = lifeUnder(answer, rules);
  lives.set(answer, { rules, life });
  return life;
}

function lifeUnder(answer: StoredAnswer, rules: Rules): Life {
  const granted = grantLifetime({ ...answer, rules });
  // By rules that count it, it is that much older than it is told to be.
  const older = isOfRules({ ...answer, rules }) ? 0 : (answer.ageLeftOut ?? 0);
  return {
    fresh: millis(Math.min(answer.fresh, Math.max(0, (granted?.fresh ?? 0) - older))),
    staleWhileRevalidate: millis(Math.min(answer.staleWhileRevalidate, granted?.staleWhileRevalidate ?? 0)),
    staleIfError: millis(Math.min(answer.staleIfError, granted?.staleIfError ?? 0)),
  };
}

/** Whether it is of no use to anybody without its origin's word, as soon as it has come: whoever asks has it validated. */
export function isPastOnArrival(answer: StoredAnswer, rules: Rules): boolean {
  const { fresh, staleWhileRevalidate } = currentLifetime(answer, rules);
  return answer.ageWhenSent >= fresh + staleWhileRevalidate;
}

export interface GrantInput {
  readonly key: string;
  readonly lease: string;
  readonly status: number;
  readonly headers: HeaderList;
  readonly rules: Rules;
  readonly receivedAtWall: number;
}

/** The lifetime that a fill grants, jitter applied; null where the answer has none. */
export function grantLifetime(input: GrantInput): Life | null {
  const lifetime = lifetimeOf(input);
  if (lifetime.fresh === null) return null;
  return { ...lifetime, fresh: jitteredLifetime(lifetime.fresh, input.rules.jitter, input) };
}

/** What is known of the chunks of an answer whose record stands alone. */
export interface ChunkSet {
  readonly size: number;
  /** As of where its oldest part was asked for. A 304 moves the answer's as-of ahead, and never this. */
  readonly since: Position;
  /** When its oldest part was born. A 304 makes the answer younger, and never this. */
  readonly bornAt: Instant;
}

/** An answer as one host holds it: when it was born on that host's own time line. */
export interface HeldAnswer {
  readonly answer: StoredAnswer;
  readonly verifiedTo: Position;
  /** The instant at which its age was zero, by the reckoning that makes it oldest. */
  readonly bornAt: Instant;
  /** When this isolate sent the origin request that made it; null where another host did. */
  readonly sentAt: Instant | null;
  /** Where its body is kept in chunks. */
  readonly chunks?: ChunkSet;
}

export const ageOf = (held: HeldAnswer, at: Instant): Millis => elapsed(held.bornAt, at);

export function freshnessOf(
  held: HeldAnswer,
  rules: Rules,
  at: { now: Instant; softSince: Instant | null },
): Freshness {
  const { fresh, staleWhileRevalidate, staleIfError } = currentLifetime(held.answer, rules);
  return freshnessAt({
    fresh,
    staleWhileRevalidate,
    staleIfError,
    age: ageOf(held, at.now),
    softFor: at.softSince === null ? null : elapsed(at.softSince, at.now),
  });
}

/** What an expired answer with a validator is kept for longer, so that its origin need not send it again. */
const VALIDATION_GRACE = { least: minutes(1), most: days(1) };

/** How long an answer may be of any use: its life and the longest time in which it may be served stale or validated. */
export function keepFor(answer: StoredAnswer): Millis {
  const grace = Math.min(VALIDATION_GRACE.most, Math.max(VALIDATION_GRACE.least, answer.fresh));
  const validated = hasValidator(answer.headers) ? grace : 0;
  return millis(answer.fresh + Math.max(answer.staleWhileRevalidate, answer.staleIfError, validated));
}
