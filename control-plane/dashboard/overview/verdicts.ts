// The answers to the overview's questions, each in a word or two and a sentence: what the figures allow to be said.

import type { CacheMetrics, Edges } from "../../../client/schemas.ts";
import { count, percent, plural, share, span } from "../frame/format.ts";
import type { Asked } from "../frame/inside.ts";
import { known, type Overview, whyUnknown } from "./read-overview.ts";

export type Mood = "good" | "fair" | "bad" | "unknown";

export interface Verdict {
  readonly mood: Mood;
  readonly word: string;
  readonly why: string;
  /** The one figure that it goes by. */
  readonly figure: string;
  readonly of: string;
}

/** Of fewer requests a ratio says more of chance than of the cache. */
export const FEW = 20;

/** What a cache is for: below it, most of what is asked goes past. */
const RATIOS = { good: 0.8, fair: 0.5 } as const;
/** Beyond this share of errors nothing is well, however much is hit. */
const ERRORS = 0.01;

export type ClassRow = CacheMetrics["classes"][string];

type Counted = "requests" | "hits" | "stale" | "misses" | "passes" | "errors" | "coalesced" | "originFetches";
type Total = Pick<ClassRow, Counted | "hitRatio">;

/** Of the class that is looked at, or of all. */
export const rowsOf = ({ classes }: CacheMetrics, only: string | null): readonly ClassRow[] =>
  Object.entries(classes).flatMap(([name, row]) => (only === null || name === only ? [row] : []));

export function totalOf(metrics: CacheMetrics, only: string | null): Total {
  const rows = rowsOf(metrics, only);
  const sum = (of: (row: ClassRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const requests = sum((row) => row.requests);
  const [hits, stale] = [sum((row) => row.hits), sum((row) => row.stale)];
  return {
    ...{ requests, hits, stale, misses: sum((row) => row.misses), passes: sum((row) => row.passes) },
    ...{ errors: sum((row) => row.errors), coalesced: sum((row) => row.coalesced) },
    originFetches: sum((row) => row.originFetches),
    hitRatio: requests === 0 ? null : (hits + stale) / requests,
  };
}

const unknown = (asked: Asked<unknown>, of: string): Verdict => ({
  ...{ mood: "unknown", word: "Unknown.", why: whyUnknown(asked) ?? "", figure: "–", of },
});

export function isItWorking({ metrics, view }: Overview): Verdict {
  const figures = known(metrics);
  if (figures === null) return unknown(metrics, "hit ratio");
  const { requests, errors, hitRatio } = totalOf(figures, view.only);
  const of = "hit ratio";
  if (requests === 0)
    return { mood: "unknown", word: "Idle.", why: "Nobody has asked for anything.", figure: "–", of };
  if (requests < FEW) {
    const why = `${plural(requests, "request")}: too few for a ratio.`;
    return { mood: "unknown", word: "Too few to tell.", why, figure: "–", of };
  }
  const ratio = hitRatio ?? 0;
  const why = `${percent(ratio)} of ${plural(requests, "request")} needed nobody but the cache.`;
  const figure = percent(ratio);
  if (errors / requests > ERRORS)
    return { mood: "bad", word: "Not well.", why: `${why} ${plural(errors, "error")}.`, figure, of };
  if (ratio >= RATIOS.good) return { mood: "good", word: "Yes.", why, figure, of };
  if (ratio >= RATIOS.fair) return { mood: "fair", word: "In part.", why, figure, of };
  return { mood: "bad", word: "Hardly.", why, figure, of };
}

export function isTheOriginSafe({ metrics, view }: Overview): Verdict {
  const figures = known(metrics);
  const of = "fetches";
  if (figures === null) return unknown(metrics, of);
  const { originFetches, coalesced } = totalOf(figures, view.only);
  const { shed } = figures.origin;
  const turnedAway = shed.rate + shed.concurrency + shed.queue;
  const spared =
    coalesced === 0 ? "" : ` ${plural(coalesced, "request waited", "requests waited")} for one of them.`;
  const why = `It was asked ${plural(originFetches, "time")}.${spared}`;
  const figure = count(originFetches);
  if (shed.breaker > 0)
    return {
      ...{ mood: "bad", word: "It fails.", figure, of },
      why: `${plural(shed.breaker, "request")} did not reach it while it was given a pause.`,
    };
  if (turnedAway > 0)
    return {
      ...{ mood: "fair", word: "At its limit.", figure, of },
      why: `${plural(turnedAway, "request was", "requests were")} turned away to spare it. ${why}`,
    };
  return { mood: "good", word: "Yes.", why, figure, of };
}

export function isAnythingStale({ metrics }: Overview): Verdict {
  const figures = known(metrics);
  const of = "reads judged";
  if (figures === null) return unknown(metrics, of);
  const { violations, sampled, watched, upperBound95, unknownRatio } = figures.stale;
  const judged = sampled + watched;
  const figure = count(judged);
  if (violations > 0)
    return {
      ...{ mood: "bad", word: "Yes.", figure: count(violations), of: "violations" },
      why: `${plural(violations, "read")} of ${count(judged)} judged should not have been served.`,
    };
  if (judged === 0)
    return { mood: "unknown", word: "Nothing judged yet.", why: "No read was sampled.", figure, of };
  const bound = upperBound95 === null ? "" : `, so with 95 % confidence fewer than ${share(upperBound95)}`;
  const rest =
    unknownRatio === null || unknownRatio === 0 ? "" : ` ${share(unknownRatio)} could not be judged.`;
  return {
    mood: "good",
    word: "No.",
    why: `Not one of ${plural(judged, "read")} judged${bound}.${rest}`,
    figure,
    of,
  };
}

export function whoReports(edges: Asked<Edges>): Verdict {
  const list = known(edges);
  const of = "edges";
  if (list === null) return unknown(edges, of);
  const { items } = list;
  const live = items.filter(({ state }) => state === "live");
  const figure = `${live.length}/${items.length}`;
  if (items.length === 0)
    return { mood: "unknown", word: "None listed.", why: "No edge can be addressed.", figure: "0", of };
  const oldest = Math.max(...live.map(({ knownAgeMs }) => knownAgeMs ?? 0));
  if (live.length === items.length)
    return { mood: "good", word: "All.", why: `The oldest knowledge is ${span(oldest)} old.`, figure, of };
  const silent = items.filter(({ state }) => state !== "live").map(({ id }) => id);
  return {
    ...{ mood: live.length === 0 ? "bad" : "fair", figure, of },
    word: `${live.length} of ${items.length} edges reporting.`,
    why: `Missing: ${silent.join(", ")}. The figures are of the others.`,
  };
}
