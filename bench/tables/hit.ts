// The hit path beside others.

import type { Verdict } from "../claim.ts";
import { areMet, type Comparison } from "../hit/claims.ts";
import type { HitResult } from "../hit.ts";
import { claimed, count, microseconds, ratio, table } from "./format.ts";
import { tableOf } from "./render.ts";

const NAMES: Readonly<Record<string, string>> = {
  "hit-memory": "memory, 1 KiB",
  "hit-large": "memory, 1 MiB",
  "hit-cache-api": "the data centre's Cache API",
  "hit-l2": "the mid-tier",
  pass: "past all tiers",
};

const OTHERS: Readonly<Record<string, string>> = {
  bare: "a bare worker",
  blob: "a bare worker with a blob",
  "hono-cache": "Hono's cache middleware",
  nginx: "nginx",
  varnish: "Varnish",
  "cache-api": "`caches.default.match` by hand",
  "one-fetch": "one raw fetch to the mid-tier",
  "careful-fetch": "the same fetch with a deadline, its answer checked",
  proxy: "a bare proxy",
  "careful-proxy": "a proxy with a deadline, without its neighbours' fields",
};

const rowsOf = ({ name, edge, others }: Comparison) =>
  Object.entries(others).map(([of, other]) => [
    ...[NAMES[name] ?? name, OTHERS[of] ?? of],
    ...[microseconds(edge.cpuMicros), microseconds(other.cpuMicros), ratio(other.cpuRatio)],
    ...[count(edge.perSecond), count(other.perSecond), ratio(other.rateRatio)],
  ]);

const RATIOS = { cpuRatio: "CPU a request", rateRatio: "requests a second" } as const;

/** With what was measured, met or missed. */
const claimsOf = ({ name, claims, others }: Comparison): Verdict[] =>
  claims.map((claim) => {
    const { of, ratio: what, least } = claim;
    const measured = ratio(others[of]?.[what] ?? null);
    const text = `${NAMES[name] ?? name}, beside ${OTHERS[of] ?? of}: ratio of ${RATIOS[what]} at least ${ratio(least)}`;
    return { claim: text, met: areMet([claim], others), above: [measured] };
  });

export const hitTables = {
  hit: tableOf<HitResult>((result) => {
    const headings = ["from", "beside", "CPU a request", "the other's", "ratio"];
    const rates = ["requests a second", "the other's", "ratio"];
    const rows = result.comparisons.flatMap(rowsOf);
    return claimed(result, table([...headings, ...rates], rows), result.comparisons.flatMap(claimsOf));
  }),
};
