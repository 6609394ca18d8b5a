// What the auditor has counted, as figures: stale reads and violations by class and tier, and how much the sample can tell.

import { z } from "zod";
import { upperBound95 } from "../../shared/core/upper-bound.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { quantile } from "../../shared/wire/latency.ts";
import { histogramOf } from "./counts.ts";

export interface StaleRow {
  /** Reads taken at random and judged. */
  readonly sampled: number;
  /** Reads judged beside them because an invalidation had named their answer lately. */
  readonly watched: number;
  /** Of both: what an invalidation had named before the request arrived. */
  readonly stale: number;
  /** Its share of those taken at random. */
  readonly staleRatio: number | null;
  readonly violations: number;
  readonly unknown: number;
  /** Share of those taken at random that could not be judged: the bound says nothing of such reads. */
  readonly unknownRatio: number | null;
  readonly upperBound95: number | null;
  readonly p99StalenessMs: number | null;
}

export interface LastViolation {
  readonly at: string;
  readonly edge: string;
  readonly class: string;
  readonly tier: string;
  readonly rule: string;
  readonly selector: string | null;
}

export interface OriginRow {
  readonly same: number;
  readonly differs: number;
  readonly unknown: number;
}

export interface StaleFigures extends StaleRow {
  readonly byClass: Record<string, Record<string, StaleRow>>;
  readonly lastViolation: LastViolation | null;
  /** Samples that edges had no room for. */
  readonly dropped: number;
  readonly originDiffers: number;
  readonly origin: Record<string, OriginRow>;
}

type Counts = Map<string, number>;

export function showStale(sums: ReadonlyMap<string, number>, lastViolation: string | null): StaleFigures {
  const byClass = new Map<string, Map<string, Counts>>();
  const origin = new Map<string, OriginRow>();
  const all: Counts = new Map();
  for (const [field, count] of sums) {
    const [kind, name = "", tier = "", ...rest] = field.split("|");
    if (kind !== "audit") continue;
    if (rest.length === 0) {
      origin.set(name, withOrigin(origin.get(name), tier, count));
      continue;
    }
    const tiers = byClass.get(name) ?? new Map<string, Counts>();
    const counts = tiers.get(tier) ?? new Map<string, number>();
    byClass.set(name, tiers.set(tier, counts));
    for (const each of [counts, all]) add(each, rest.join("|"), count);
  }
  return {
    ...row(all),
    byClass: shown(byClass, (tiers) => shown(tiers, row)),
    lastViolation: readViolation(lastViolation),
    dropped: sums.get("auditor|dropped") ?? 0,
    originDiffers: [...origin.values()].reduce((sum, { differs }) => sum + differs, 0),
    origin: Object.fromEntries(origin),
  };
}

function add(counts: Counts, what: string, count: number): void {
  counts.set(what, (counts.get(what) ?? 0) + count);
}

const shown = <A, B>(map: ReadonlyMap<string, A>, show: (value: A) => B): Record<string, B> =>
  Object.fromEntries([...map].map(([name, value]) => [name, show(value)]));

function withOrigin(row: OriginRow | undefined, what: string, count: number): OriginRow {
  const { same, differs, unknown } = row ?? { same: 0, differs: 0, unknown: 0 };
  return {
    same: same + (what === "originSame" ? count : 0),
    differs: differs + (what === "originDiffers" ? count : 0),
    unknown: unknown + (what === "originUnknown" ? count : 0),
  };
}

function row(counts: Counts): StaleRow {
  const count = (what: string): number => counts.get(what) ?? 0;
  const [sampled, violations] = [count("sampled"), count("violations")];
  const taken = sampled + count("unknownSampled");
  return {
    sampled,
    watched: count("watched"),
    stale: count("stale"),
    staleRatio: sampled === 0 ? null : count("staleSampled") / sampled,
    violations,
    unknown: count("unknown"),
    unknownRatio: taken === 0 ? null : count("unknownSampled") / taken,
    // Violations found among the watched count too: the bound only grows by them.
    upperBound95: upperBound95(violations, sampled),
    p99StalenessMs: quantile(histogramOf(counts, "lateBy"), 0.99),
  };
}

const violationSchema = z.object({
  at: z.number(),
  edge: z.string(),
  class: z.string(),
  tier: z.string(),
  rule: z.string(),
  selector: z.string().nullable(),
});

function readViolation(text: string | null): LastViolation | null {
  const found = text === null ? null : (violationSchema.safeParse(parseJson(text)).data ?? null);
  return found === null ? null : { ...found, at: new Date(found.at).toISOString() };
}
