// Judges one read of a stored answer against the log: whether an invalidation that names it should have prevented it.

import { comparePositions, type Position } from "./position.ts";
import { firstHard, fromOf, headOf, type Mark, type RecentLog } from "./recent-log.ts";
import { type SelectorKind, selectorKind } from "./selector.ts";
import type { Millis, Selector } from "./units.ts";

/** What an edge says of an answer that it has served. */
export interface AuditedRead {
  readonly asOf: Position;
  readonly verifiedTo: Position;
  /** Of the view that found it good; null where none did: it was asked for after the request had arrived. */
  readonly view: Position | null;
  /** How old that view's knowledge of the head was when the request arrived. */
  readonly knownAge: Millis;
  /** Those it was stored with. */
  readonly selectors: readonly Selector[];
  /** What the policy in force adds. */
  readonly inForce: readonly Selector[];
  /** How long before the request's arrival the origin was asked for it, at most; negative where after it. */
  readonly askedBefore: number;
  /** The bound of its class or policy. */
  readonly bound: Millis;
}

/** When the request arrived: Redis TIME in milliseconds, between these two. */
export interface Arrival {
  readonly earliest: number;
  readonly latest: number;
}

export interface AuditKnowledge {
  /** Read from the log after the request had been answered. */
  readonly recent: RecentLog;
  /** What the log's full index says of what has hit it since its as-of; `unknown` too where it wasn't asked. */
  readonly index: "ok" | "hit" | "unknown";
  /** ε: one CPU turn, an undetectable clock step, transit. */
  readonly slack: Millis;
}

/**
 * `lost-invalidation`: the view claims to know what should have prevented it. `past-bound`: it should have known by
 * then. `old-epoch`: the same of the beginning of an epoch. `view-too-old`: what it knew was too old to serve by.
 */
export type BrokenRule = "lost-invalidation" | "past-bound" | "old-epoch" | "view-too-old";

export type AuditVerdict =
  | { readonly kind: "fine" }
  /** The recent log doesn't reach back to it, and the full index did not say. */
  | { readonly kind: "unknown" }
  /** Invalidated this many milliseconds before the request arrived, within the bound. */
  | { readonly kind: "stale"; readonly staleness: number }
  | {
      readonly kind: "violation";
      readonly rule: BrokenRule;
      readonly staleness: number;
      /** Of what names it; null where that can't be told. */
      readonly selector: SelectorKind | null;
    };

/** An invalidation that names the answer. `selector` is null for the beginning of an epoch, which names all before it. */
interface Hit extends Mark {
  readonly selector: Selector | null;
}

export function judgeRead(read: AuditedRead, arrival: Arrival, known: AuditKnowledge): AuditVerdict {
  const { recent, slack } = known;
  if (isAhead(read.asOf, recent) || (read.view !== null && isAhead(read.view, recent)))
    return { kind: "unknown" };
  const all = hitsOf(read, recent, Number.NEGATIVE_INFINITY);
  const lost = all.find(({ position }) => isClaimed(read, position));
  if (lost !== undefined) return violation(lost, arrival);
  if (isTooOld(read, slack)) return { kind: "violation", rule: "view-too-old", staleness: 0, selector: null };
  // What was appended before the origin was asked is in what it answered, whatever the as-of says.
  const hits = hitsOf(read, recent, arrival.earliest - read.askedBefore);
  const first = hits.reduce<Hit | null>(
    (least, hit) => (least === null || hit.at < least.at ? hit : least),
    null,
  );
  if (first === null || first.at >= arrival.latest) {
    // Where something recent names it, that may be all that the index speaks of.
    return belowTheRecent(
      read,
      all.length === 0 || known.index === "ok" ? known : { ...known, index: "unknown" },
    );
  }
  if (arrival.earliest > first.at + read.bound + slack)
    return { ...violation(first, arrival), rule: first.selector === null ? "old-epoch" : "past-bound" };
  return { kind: "stale", staleness: arrival.latest - first.at };
}

const isAhead = (position: Position, recent: RecentLog): boolean =>
  comparePositions(position, headOf(recent)) > 0;

const isClaimed = ({ view }: AuditedRead, position: Position): boolean =>
  view !== null && comparePositions(position, view) <= 0;

/** Beyond its bound a view serves nothing but what the origin was asked for within it. */
const isTooOld = ({ view, knownAge, askedBefore, bound }: AuditedRead, slack: Millis): boolean =>
  view !== null && knownAge > bound + slack && askedBefore > bound + slack;

/** Of each selector the first, appended after a moment. */
function hitsOf(read: AuditedRead, recent: RecentLog, appendedAfter: number): Hit[] {
  const { asOf, verifiedTo, selectors, inForce } = read;
  const find = (selector: Selector, position: Position): Hit[] => {
    const mark = firstHard(recent, selector, { position, at: appendedAfter });
    return mark === null ? [] : [{ ...mark, selector }];
  };
  const { epoch } = recent;
  return [
    // An epoch's number is the time at which it began.
    ...(asOf.epoch < epoch && epoch > appendedAfter
      ? [{ position: { epoch, seq: 0 }, at: epoch, selector: null }]
      : []),
    // By as-of, since verified-to is what the edge has made of it; what it was stored with can't have changed since.
    ...selectors.flatMap((selector) => find(selector, asOf)),
    // What a policy adds counts from when the answer was last found clear of it.
    ...inForce.flatMap((selector) => find(selector, verifiedTo)),
  ];
}

function violation({ at, selector }: Hit, arrival: Arrival): AuditVerdict & { kind: "violation" } {
  return {
    kind: "violation",
    rule: selector === null ? "old-epoch" : "lost-invalidation",
    staleness: Math.max(0, arrival.latest - at),
    selector: selector === null ? null : selectorKind(selector),
  };
}

/** Nothing recent is against it: what may have happened before that, only the full index knows. */
function belowTheRecent({ asOf, view }: AuditedRead, { recent, index }: AuditKnowledge): AuditVerdict {
  const from = fromOf(recent);
  if (comparePositions(asOf, from) >= 0 || index === "ok") return { kind: "fine" };
  const claimed = view !== null && comparePositions(from, view) <= 0;
  return index === "hit" && claimed
    ? { kind: "violation", rule: "lost-invalidation", staleness: 0, selector: null }
    : { kind: "unknown" };
}
