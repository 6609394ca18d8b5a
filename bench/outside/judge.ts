// Judges what an outside client was given by what the origin said and when purges were acknowledged, and by no claim of the system.

import type { Exchange } from "./exchange.ts";
import { isNamed, type Named, type Subject } from "./matching.ts";
import type { Truth } from "./versioned-content.ts";

/** What holds for a path, in milliseconds. */
export interface PathRules {
  /** How late an acknowledged invalidation may still not show: Δ, and the cap where the fence serves stale. */
  readonly boundMs: number;
  /** How long its answers are fresh. */
  readonly freshMs: number;
  /** How long beyond that they may be served whatever happens: `stale-while-revalidate`. */
  readonly staleMs: number;
  /** How long where the origin could not be had: `stale-if-error`. As `staleMs` where it is left out. */
  readonly staleIfErrorMs?: number;
}

export interface JudgedPath extends Subject, PathRules {}

export interface OutsideViolation {
  /**
   * `life`: served beyond it; `crossing`: another path's; `invented`: not what the origin said; `lost`: an older value
   * than one whose write had been acknowledged.
   */
  readonly rule: "hard" | "soft" | "life" | "crossing" | "invented" | "lost";
  readonly exchange: Exchange;
  /** Beyond what was allowed, ε not counted. */
  readonly lateMs: number;
}

export type Mode = "hard" | "soft";

/** A purge that was sent; it binds nobody before it is acknowledged. */
export interface SentPurge {
  acknowledged(): void;
}

export interface Judgement {
  readonly violations: readonly OutsideViolation[];
  /** Where a hard purge had been acknowledged for it: how long before its request was sent. */
  readonly servedAfterMs: number | null;
  /**
   * When the newest hard purge was sent that binds it and could still be disregarded; null = none, and then nothing is
   * shown by its being right.
   */
  readonly boundBy: number | null;
}

export interface JudgeOptions {
  readonly host: string;
  /** What holds for a path; null = the client should never have asked for it. */
  readonly pathOf: (path: string) => JudgedPath | null;
  readonly truth: Truth;
  /** What measuring and transit may take. */
  readonly epsilonMs: number;
  /** Whether the origin could not be had for it, so that what is stale may stand in; it always could where left out. */
  readonly mayStandIn?: (exchange: Exchange) => boolean;
  readonly now?: () => number;
}

interface Purge {
  readonly mode: Mode;
  readonly sentAt: number;
  /** When its acceptance had come; null = not yet, or never. */
  acknowledgedAt: number | null;
}

export const RIGHT: Judgement = { violations: [], servedAfterMs: null, boundBy: null };

/**
 * Judges each exchange when it has ended: whatever can make it wrong is known by then, and nothing of it has to be kept.
 * Purges are, as they were sent; an answer is held against those alone that were sent after the origin last said it.
 *
 * Client, origin and whoever purges have one clock. Nothing is reported that could have been right: an origin request
 * counts as begun when it arrived (later than it was), a purge as appended when it was sent (earlier), as acknowledged
 * when that was read (later), a client's request as arrived when it was about to be sent (earlier). What that hides is
 * as short as a message's way, and within ε.
 */
export class OutsideJudge {
  private readonly options: JudgeOptions;
  private readonly now: () => number;
  /** Of one path each, oldest first. */
  private readonly byPath = new Map<string, Purge[]>();
  /** Of more than URLs, oldest first. */
  private readonly wide: (Purge & { readonly named: Named })[] = [];

  constructor(options: JudgeOptions) {
    this.options = options;
    this.now = options.now ?? (() => performance.now());
  }

  /** To be called before it is sent. */
  purge(named: Named, mode: Mode): SentPurge {
    const purge: Purge & { readonly named: Named } = {
      ...{ mode, named, sentAt: this.now(), acknowledgedAt: null },
    };
    const { urls, ...others } = named;
    if (Object.keys(others).length > 0) this.wide.push(purge);
    else for (const url of urls ?? []) listIn(this.byPath, this.pathIn(url)).push(purge);
    return {
      acknowledged: () => {
        purge.acknowledgedAt = this.now();
      },
    };
  }

  judge(exchange: Exchange): Judgement {
    const { outcome, path, method } = exchange;
    if (outcome.kind !== "answered" || method === "PUT") return RIGHT;
    const { stated, status } = outcome;
    const violations: OutsideViolation[] = [];
    const report = (rule: OutsideViolation["rule"], lateMs: number): void => {
      if (lateMs > this.options.epsilonMs) violations.push({ rule, exchange, lateMs });
    };
    const asOf = stated === null ? null : this.options.truth.lastSaid(stated);
    if (stated !== null && stated.path !== path) report("crossing", Number.POSITIVE_INFINITY);
    if (asOf === null) {
      if (stated !== null || status < 400) report("invented", Number.POSITIVE_INFINITY);
      return { ...RIGHT, violations };
    }
    const rules = this.options.pathOf(path);
    if (rules === null) throw new Error(`nothing was said of ${path}`);
    const staleMs = this.staleMsFor(exchange, rules);
    report("life", exchange.sentAt - asOf - rules.freshMs - staleMs);
    const hard = exchange.sentAt - this.acknowledgedFirst("hard", rules, asOf);
    const soft = exchange.sentAt - this.acknowledgedFirst("soft", rules, asOf);
    report("hard", hard - rules.boundMs);
    report("soft", soft - Math.max(rules.boundMs, staleMs));
    const boundBy = this.boundBy(rules, exchange.sentAt);
    return { violations, servedAfterMs: hard > 0 ? hard : null, boundBy };
  }

  /** An origin that is well excuses nothing: else whoever never looks at expiry would pass. */
  private staleMsFor(exchange: Exchange, { staleMs, staleIfErrorMs = staleMs }: PathRules): number {
    const standsIn = staleIfErrorMs > staleMs && this.options.mayStandIn?.(exchange) === true;
    return standsIn ? staleIfErrorMs : staleMs;
  }

  /**
   * Of the hard purges of a path that were acknowledged longer before an instant than they may go unheeded, while what
   * had been said before may still have a life, the newest: when it was sent.
   */
  private boundBy(path: JudgedPath, at: number): number | null {
    const { boundMs, freshMs, staleMs } = path;
    const boundSince = at - boundMs - this.options.epsilonMs;
    const alive = at - freshMs - staleMs;
    const binds = ({ mode, acknowledgedAt }: Purge): boolean =>
      mode === "hard" && acknowledgedAt !== null && acknowledgedAt < boundSince;
    const newest = (purges: readonly Purge[], names: (at: number) => boolean): number => {
      for (let at = purges.length - 1; at >= 0; at--) {
        const purge = purges[at];
        if (purge === undefined || purge.sentAt < alive) break;
        if (binds(purge) && names(at)) return purge.sentAt;
      }
      return Number.NEGATIVE_INFINITY;
    };
    const sentAt = Math.max(
      newest(this.byPath.get(path.path) ?? [], () => true),
      newest(this.wide, (at) => isNamed(this.wide[at]?.named ?? {}, this.options.host, path)),
    );
    return sentAt === Number.NEGATIVE_INFINITY ? null : sentAt;
  }

  /** Of the purges of a path that were sent after an instant, the acknowledgement that came first; else infinity. */
  private acknowledgedFirst(mode: Mode, path: JudgedPath, after: number): number {
    let first = Number.POSITIVE_INFINITY;
    const look = (purges: readonly Purge[], names: (at: number) => boolean): void => {
      // Backwards: what a cache serves was said after nearly all of them.
      for (let at = purges.length - 1; at >= 0; at--) {
        const purge = purges[at];
        if (purge === undefined || purge.sentAt <= after) return;
        if (purge.mode === mode && purge.acknowledgedAt !== null && names(at))
          first = Math.min(first, purge.acknowledgedAt);
      }
    };
    look(this.byPath.get(path.path) ?? [], () => true);
    look(this.wide, (at) => isNamed(this.wide[at]?.named ?? {}, this.options.host, path));
    return first;
  }

  /** A URL of another host is kept under what no path can be. */
  private pathIn(url: string): string {
    const before = `http://${this.options.host}`;
    return url.startsWith(`${before}/`) ? url.slice(before.length) : url;
  }
}

function listIn<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
