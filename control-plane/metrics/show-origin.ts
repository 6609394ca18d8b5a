// What became of requests on their way to the origins: of all together, and of each site's.

import { byKind, type Counts, ratio, type Sums } from "./counts.ts";

type Shed = Readonly<Record<"rate" | "concurrency" | "queue" | "breaker", number>>;

/** Of one site's origin. */
export interface OriginRow {
  /** Sent to it and answered, whatever the answer; and those that got none. */
  readonly answered: number;
  readonly failed: number;
  readonly shed: Shed;
  readonly queued: number;
}

export interface OriginFigures {
  /** Tokens that the buckets of all edges gave, and that edges took of their own shares. */
  readonly granted: number;
  readonly grantedLocally: number;
  readonly shed: Shed;
  readonly retries: number;
  readonly queued: number;
  readonly meanQueuedMs: number | null;
  readonly bySite: Record<string, OriginRow>;
}

export function showOrigin(counts: Counts): Omit<OriginFigures, "bySite"> {
  const count = (name: string): number => counts.get(`origin|${name}`) ?? 0;
  const { shed, queued } = rowOf(counts);
  return {
    granted: count("bucket"),
    grantedLocally: count("share"),
    shed,
    retries: count("retries"),
    queued,
    meanQueuedMs: ratio(count("queuedMs"), queued),
  };
}

/** Those that nothing was to go to are there too: whoever judges them has to know that of them nothing is known. */
export function originsBySite(
  sums: Sums,
  { site, sites }: { readonly site: string | null; readonly sites: readonly string[] },
): Record<string, OriginRow> {
  const asked = (name: string): boolean => site === null || name === site;
  const found = new Map<string, Map<string, number>>();
  for (const name of sites) if (asked(name)) found.set(name, new Map());
  // In one pass: there may be hundreds of sites, and hundreds of names of each.
  for (const [name, count] of sums) {
    const [kind = "", of = "", ...rest] = name.split("|");
    if (!KINDS.has(kind) || !asked(of)) continue;
    const counts = found.get(of) ?? new Map<string, number>();
    found.set(of, counts.set([kind, ...rest].join("|"), count));
  }
  return Object.fromEntries(
    [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, counts]) => [name, rowOf(counts)]),
  );
}

const KINDS = new Set(["tier", "shed", "queued"]);

function rowOf(counts: Counts): OriginRow {
  const [tier, shed] = [byKind(counts, "tier"), byKind(counts, "shed")];
  return {
    answered: tier("origin|hits"),
    failed: tier("origin|errors"),
    shed: {
      rate: shed("rate"),
      concurrency: shed("concurrency"),
      queue: shed("queue"),
      breaker: shed("breaker"),
    },
    queued: byKind(counts, "queued")(""),
  };
}
