// Takes samples of reads of stored answers: some at random, and all that an invalidation named lately, up to a limit.

import { mix } from "../../shared/core/mix.ts";
import {
  comparePositions,
  formatPosition,
  type Position,
  parsePosition,
} from "../../shared/core/position.ts";
import { boundOf, type Rules } from "../../shared/core/rules.ts";
import { ageOf, type HeldAnswer, type StoredAnswer } from "../../shared/core/stored-answer.ts";
import { elapsed, type Instant, instant, type Millis, type Selector } from "../../shared/core/units.ts";
import type {
  AuditBatch,
  AuditResult,
  AuditSample,
  AuditTier,
  Counted,
  Watched,
} from "../../shared/wire/audit.ts";

/** The view that found an answer good: what it claims to know. */
export interface ByView {
  readonly position: Position;
  /** How old its knowledge of the head was when the request arrived. */
  readonly knownAge: Millis;
}

export interface StoredRead {
  readonly held: HeldAnswer;
  readonly rules: Rules;
  /** By which the route says that it can be hit now. */
  readonly inForce: readonly Selector[];
  readonly tier: AuditTier;
  readonly result: AuditResult;
  /** Null where no view found it good. */
  readonly by: ByView | null;
  readonly arrivedAt: Instant;
}

/** An answer in memory remembers whether it is watched, for as long as the same list is. */
export interface Watchable {
  readonly held: HeldAnswer;
  watch: number;
}

export interface SamplerLimits {
  readonly auditEvery: number;
  readonly auditWatchedPerSecond: number;
  readonly auditKept: number;
  readonly auditSelectors: number;
  readonly auditBatch: number;
}

type Why = AuditSample["why"];

interface Taken extends StoredRead {
  readonly why: Why;
}

export class Sampler {
  /** Samples that were not told of: there was no room, or their selectors are too long. */
  dropped = 0;
  private readonly limits: SamplerLimits;
  private left = 1;
  private strides = 0;
  private watched: ReadonlyMap<string, Position> = new Map();
  /** What answers that are not watched remember; those that are remember one more. */
  private unwatched = 0;
  private second: { at: Instant; taken: number } = { at: instant(0), taken: 0 };
  private readonly waiting: Record<Why, Taken[]> = { random: [], watched: [] };
  private sent: { readonly number: number; readonly reads: readonly Taken[] } | null = null;
  private numbers = 0;

  constructor(limits: SamplerLimits) {
    this.limits = limits;
  }

  /** On the path of every hit in memory: one countdown, one comparison, as long as the list watched stays the same. */
  isDue(entry: Watchable, inForce: readonly Selector[]): boolean {
    this.left -= 1;
    if (this.left <= 0) return true;
    return entry.watch !== this.unwatched && this.isWatched(entry, inForce);
  }

  private isWatched(entry: Watchable, inForce: readonly Selector[]): boolean {
    if (entry.watch !== this.unwatched + 1)
      entry.watch = this.unwatched + (this.isNamed(entry.held.answer, inForce) ? 1 : 0);
    return entry.watch !== this.unwatched;
  }

  /** Whether an invalidation that came after it has named it lately. */
  private isNamed({ asOf, selectors }: StoredAnswer, inForce: readonly Selector[]): boolean {
    if (this.watched.size === 0) return false;
    const names = (selector: Selector): boolean => {
      const position = this.watched.get(selector);
      return position !== undefined && comparePositions(position, asOf) > 0;
    };
    return selectors.some(names) || inForce.some(names);
  }

  /** A read that is due, or one from anywhere else than memory, which is taken if it is. */
  take(read: StoredRead): "random" | "watched" | null {
    if (this.left <= 0) {
      this.left = this.stride();
      return this.keep(read, "random");
    }
    return this.isNamed(read.held.answer, read.inForce) && this.mayTakeWatched(read.arrivedAt)
      ? this.keep(read, "watched")
      : null;
  }

  /** As `isDue` and `take` in one. */
  see(read: StoredRead): "random" | "watched" | null {
    this.left -= 1;
    return this.take(read);
  }

  /** Scattered about its mean, so that traffic that repeats itself can't fall in step; the same for every isolate. */
  private stride(): number {
    this.strides += 1;
    return 1 + (mix("stride", this.strides) % (2 * this.limits.auditEvery - 1));
  }

  private mayTakeWatched(now: Instant): boolean {
    if (elapsed(this.second.at, now) >= 1000) this.second = { at: now, taken: 0 };
    if (this.second.taken >= this.limits.auditWatchedPerSecond) return false;
    this.second.taken += 1;
    return true;
  }

  private keep(read: StoredRead, why: Why): Why {
    const list = this.waiting[why];
    // The newest say most of how it is now.
    if (list.length >= this.limits.auditKept) {
      list.shift();
      this.dropped += 1;
    }
    list.push({ ...read, why });
    return why;
  }

  /** From now on answers are watched that one of these names and that are older than its invalidation. */
  watch(list: readonly Watched[]): void {
    const watched = new Map<string, Position>();
    for (const { selector, position } of list) {
      const parsed = parsePosition(position);
      if (parsed !== null) watched.set(selector, parsed);
    }
    if (isSame(watched, this.watched)) return;
    this.watched = watched;
    this.unwatched += 2;
  }

  /** What has not been acknowledged comes again, under the same number; what has is followed by the next. */
  report(now: Instant, counted: number | null): AuditBatch | null {
    if (this.sent !== null && counted !== null && counted >= this.sent.number) this.sent = null;
    if (this.sent === null) {
      const { random, watched } = this.waiting;
      if (random.length + watched.length === 0) return null;
      this.numbers += 1;
      this.sent = { number: this.numbers, reads: this.bounded([...watched, ...random]) };
      this.waiting.random = [];
      this.waiting.watched = [];
    }
    return { number: this.sent.number, samples: this.sent.reads.map((read) => sampleOf(read, now)) };
  }

  private bounded(reads: readonly Taken[]): Taken[] {
    let room = this.limits.auditBatch;
    const kept = reads.filter(({ held, inForce }) => {
      const size = characters(held.answer.selectors) + characters(inForce);
      if (size > this.limits.auditSelectors || size > room) return false;
      room -= size;
      return true;
    });
    this.dropped += reads.length - kept.length;
    return kept;
  }
}

const characters = (selectors: readonly Selector[]): number =>
  selectors.reduce((sum, selector) => sum + selector.length, 0);

function isSame(a: ReadonlyMap<string, Position>, b: ReadonlyMap<string, Position>): boolean {
  if (a.size !== b.size) return false;
  for (const [selector, position] of a) {
    const other = b.get(selector);
    if (other === undefined || comparePositions(position, other) !== 0) return false;
  }
  return true;
}

function sampleOf(read: Taken, now: Instant): AuditSample {
  const { held, rules, by, arrivedAt, inForce } = read;
  const { answer, verifiedTo } = held;
  const age = ageOf(held, arrivedAt);
  return {
    class: rules.name,
    tier: read.tier,
    result: read.result,
    why: read.why,
    asOf: formatPosition(answer.asOf),
    verifiedTo: formatPosition(verifiedTo),
    view: by === null ? null : formatPosition(by.position),
    knownAgeMs: by === null ? null : Math.min(Number.MAX_SAFE_INTEGER, by.knownAge),
    agoMs: elapsed(arrivedAt, now),
    ageMs: age,
    askedBeforeMs: askedBefore(held, arrivedAt),
    boundMs: boundOf(rules),
    selectors: answer.selectors,
    inForce: inForce.filter((selector) => !answer.selectors.includes(selector)),
  };
}

/** Parts that were joined were asked for at different times: what can be said of all of them is their age. */
function askedBefore({ answer, bornAt, sentAt }: HeldAnswer, arrivedAt: Instant): number {
  const sinceBirth = arrivedAt - bornAt;
  if (answer.part.kind === "range") return sinceBirth;
  return sentAt === null ? sinceBirth - answer.ageWhenSent : arrivedAt - sentAt;
}

/** What of an acknowledgement is about this life of the isolate. */
export const countedOf = (counted: Counted | null, boot: string): number | null =>
  counted?.boot === boot ? counted.number : null;
