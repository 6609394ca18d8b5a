// What edges have counted, read by name: of all sites or of one, added up by class.

import { type Histogram, quantile } from "../../shared/wire/latency.ts";

/** Names and sums as they are kept. */
export type Sums = ReadonlyMap<string, number>;

/** The same with the sites added up, or all but one left out: `requests|hot|hit|l2`. */
export type Counts = ReadonlyMap<string, number>;

/** What edges count by site, their names' second part. */
const BY_SITE = new Set([
  ...["requests", "took", "tookMs", "bytes", "asked", "tier"],
  ...["leaseWaits", "shed", "queued", "refresh", "notStored"],
]);

/** Figures of shards, edges, the log and the journal are nobody's alone: they are there for every site. */
export function countsOf(sums: Sums, site: string | null): Counts {
  const counts = new Map<string, number>();
  for (const [name, count] of sums) {
    const [kind = "", of, ...rest] = name.split("|");
    const bySite = BY_SITE.has(kind) && rest.length > 0;
    if (bySite && site !== null && of !== site) continue;
    const kept = bySite ? [kind, ...rest].join("|") : name;
    counts.set(kept, (counts.get(kept) ?? 0) + count);
  }
  return counts;
}

/** By what follows the prefix. */
export function countsBelow(counts: Counts, prefix: string): Record<string, number> {
  const found = [...counts].filter(([name]) => name.startsWith(`${prefix}|`));
  return Object.fromEntries(found.map(([name, count]) => [name.slice(prefix.length + 1), count]));
}

/** Over all classes, by what follows: `byKind(counts, "shed")` is by reason. */
export function byKind(counts: Counts, kind: string): (rest: string) => number {
  const found = new Map<string, number>();
  for (const [name, count] of counts) {
    if (!name.startsWith(`${kind}|`)) continue;
    const rest = name.split("|").slice(2).join("|");
    found.set(rest, (found.get(rest) ?? 0) + count);
  }
  return (rest) => found.get(rest) ?? 0;
}

export function histogramOf(counts: Counts, name: string): Histogram {
  const prefix = `${name}|`;
  const found = new Map<number, number>();
  for (const [field, count] of counts) {
    const bucket = field.startsWith(prefix) ? Number(field.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(bucket)) found.set(bucket, count);
  }
  return found;
}

/** Of all classes' answers. */
export function tookOf(counts: Counts): Histogram {
  const found = new Map<number, number>();
  for (const [field, count] of counts) {
    const [kind, , bucket] = field.split("|");
    if (kind === "took" && bucket !== undefined)
      found.set(Number(bucket), (found.get(Number(bucket)) ?? 0) + count);
  }
  return found;
}

export type Result = "hit" | "stale" | "miss" | "pass" | "coalesced" | "error" | "refused";

export interface ClassFigures {
  readonly requests: number;
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
  readonly passes: number;
  /** Failures that clients were told of, and what their own requests' doing was. */
  readonly errors: number;
  readonly refused: number;
  readonly hitRatio: number | null;
  readonly byteHitRatio: number | null;
  readonly bytesServed: number;
  readonly bytesFromOrigin: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly originFetches: number;
  readonly originBy: Record<string, number>;
  readonly coalesced: number;
  /** Requests by who answered, then by result; nothing that is nought. */
  readonly answeredBy: Record<string, Record<string, number>>;
  readonly leaseWaits: number;
}

export function classNames(counts: Counts): string[] {
  const names = [...counts.keys()].flatMap((name) => {
    const [kind, of, ...rest] = name.split("|");
    return (kind === "requests" || kind === "asked") && rest.length > 0 ? [of ?? ""] : [];
  });
  return [...new Set(names)].sort();
}

export function classFigures(counts: Counts, name: string): ClassFigures {
  const answeredBy: Record<string, Record<string, number>> = {};
  const results = new Map<string, number>();
  for (const [field, count] of Object.entries(countsBelow(counts, `requests|${name}`))) {
    const [result = "", by = ""] = field.split("|");
    answeredBy[by] = { ...answeredBy[by], [result]: count };
    results.set(result, (results.get(result) ?? 0) + count);
  }
  const of = (result: Result): number => results.get(result) ?? 0;
  const [hits, stale, requests] = [of("hit"), of("stale"), sum(results.values())];
  const took = histogramOf(counts, `took|${name}`);
  const originBy = countsBelow(counts, `asked|${name}`);
  const bytesServed = counts.get(`bytes|${name}|served`) ?? 0;
  const bytesFromOrigin = counts.get(`bytes|${name}|origin`) ?? 0;
  return {
    ...{ requests, hits, stale, misses: of("miss"), passes: of("pass"), errors: of("error") },
    ...{ refused: of("refused"), coalesced: of("coalesced") },
    hitRatio: ratio(hits + stale, requests),
    byteHitRatio: byteHitRatio(bytesServed, bytesFromOrigin),
    ...{ bytesServed, bytesFromOrigin },
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    originFetches: sum(Object.values(originBy)),
    ...{ originBy, answeredBy, leaseWaits: counts.get(`leaseWaits|${name}`) ?? 0 },
  };
}

export const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);

export const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Revalidations and warm-ups cost the origin bytes that nobody was served: the ratio ends at nought. */
export const byteHitRatio = (served: number, origin: number): number | null =>
  served === 0 ? null : Math.max(0, 1 - origin / served);
