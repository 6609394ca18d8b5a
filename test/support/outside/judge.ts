// Judges what an outside client was given by what the origin said and when purges were acknowledged, and by no claim of the system.

import type { Exchange } from "../../../bench/outside/exchange.ts";
import type { OriginAsk, Stated } from "../../../bench/outside/versioned-content.ts";

/** What holds for a path, in milliseconds. */
export interface PathRules {
  /** How late an acknowledged invalidation may still not show: Δ, and the cap where the fence serves stale. */
  readonly boundMs: number;
  /** How long its answers are fresh. */
  readonly freshMs: number;
  /** How long beyond that they may be served, by whatever declaration can apply here. */
  readonly staleMs: number;
}

export interface SentPurge {
  readonly mode: "hard" | "soft";
  readonly paths: ReadonlySet<string>;
  readonly sentAt: number;
  /** When its acceptance had come; null = never. */
  readonly acknowledgedAt: number | null;
}

/** Client, origin and whoever purges have one clock. */
export interface OutsideHistory {
  readonly rules: ReadonlyMap<string, PathRules>;
  readonly asks: readonly OriginAsk[];
  readonly purges: readonly SentPurge[];
  readonly exchanges: readonly Exchange[];
}

export interface OutsideViolation {
  /** `life`: served beyond it; `crossing`: another path's; `invented`: not what the origin said. */
  readonly rule: "hard" | "soft" | "life" | "crossing" | "invented";
  readonly exchange: Exchange;
  /** Beyond what was allowed, ε not counted. */
  readonly lateMs: number;
}

export interface Judgement {
  readonly violations: readonly OutsideViolation[];
  /** Of each answer that a hard purge had been acknowledged for: how long before its request was sent. Ascending. */
  readonly servedAfterMs: readonly number[];
}

/**
 * `epsilonMs` is what measuring and transit may take. Nothing is reported that could have been right: an origin request
 * counts as begun when it arrived (later than it was), a purge as appended when it was sent (earlier), as acknowledged
 * when that was read (later), a client's request as arrived when it was about to be sent (earlier). What that hides is
 * as short as a message's way, and within ε.
 */
export function judgeOutside(history: OutsideHistory, epsilonMs: number): Judgement {
  const record = new OriginRecord(history.asks);
  const purgesOf = purgesByPath(history);
  const violations: OutsideViolation[] = [];
  const servedAfterMs: number[] = [];
  for (const exchange of history.exchanges) {
    const { outcome, path } = exchange;
    if (outcome.kind !== "answered") continue;
    const report = (rule: OutsideViolation["rule"], lateMs: number): void => {
      if (lateMs > epsilonMs) violations.push({ rule, exchange, lateMs });
    };
    const { stated, status } = outcome;
    if (stated === null) {
      if (status < 400) report("invented", Number.POSITIVE_INFINITY);
      continue;
    }
    if (stated.path !== path) report("crossing", Number.POSITIVE_INFINITY);
    if (!record.has(stated)) report("invented", Number.POSITIVE_INFINITY);
    const rules = rulesOf(history, path);
    const asOf = record.lastSaid(stated, exchange.endedAt);
    report("life", exchange.sentAt - asOf - rules.freshMs - rules.staleMs);
    const purges = (purgesOf.get(path) ?? []).filter((purge) => asOf < purge.sentAt);
    const after = (purge: Acknowledged): number => exchange.sentAt - purge.acknowledgedAt;
    const hard = Math.max(...purges.filter(({ mode }) => mode === "hard").map(after));
    const soft = Math.max(...purges.filter(({ mode }) => mode === "soft").map(after));
    report("hard", hard - rules.boundMs);
    report("soft", soft - Math.max(rules.boundMs, rules.staleMs));
    if (hard > 0) servedAfterMs.push(hard);
  }
  return { violations, servedAfterMs: servedAfterMs.sort((a, b) => a - b) };
}

function rulesOf({ rules }: OutsideHistory, path: string): PathRules {
  const found = rules.get(path);
  if (found === undefined) throw new Error(`nothing was said of ${path}`);
  return found;
}

type Acknowledged = SentPurge & { readonly acknowledgedAt: number };

/** Only what was acknowledged binds anybody. */
function purgesByPath({ purges }: OutsideHistory): ReadonlyMap<string, Acknowledged[]> {
  const byPath = new Map<string, Acknowledged[]>();
  for (const purge of purges) {
    const { acknowledgedAt } = purge;
    if (acknowledgedAt === null) continue;
    for (const path of purge.paths) listIn(byPath, path).push({ ...purge, acknowledgedAt });
  }
  return byPath;
}

/** What the origin has said, and when it last said that a version was the one there is. */
class OriginRecord {
  private readonly byNumber: ReadonlyMap<number, OriginAsk>;
  private readonly confirmations = new Map<string, OriginAsk[]>();

  constructor(asks: readonly OriginAsk[]) {
    this.byNumber = new Map(asks.map((ask) => [ask.ask, ask]));
    for (const ask of asks)
      if (ask.told === "confirmed") listIn(this.confirmations, versionName(ask)).push(ask);
  }

  has(stated: Stated): boolean {
    const ask = this.byNumber.get(stated.ask);
    return (
      ask?.told === "content" &&
      ask.path === stated.path &&
      ask.version === stated.version &&
      ask.askedAt === stated.askedAt
    );
  }

  /** Content that was confirmed later is as good as content that was given later. */
  lastSaid(stated: Stated, until: number): number {
    const confirmed = (this.confirmations.get(versionName(stated)) ?? []).map(({ askedAt }) => askedAt);
    return Math.max(stated.askedAt, ...confirmed.filter((askedAt) => askedAt <= until));
  }
}

const versionName = ({ version, path }: Stated): string => `${version} ${path}`;

function listIn<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
