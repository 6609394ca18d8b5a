// Everything that the overview shows, asked for at once; whatever does not answer is missing alone.

import type {
  Alerts,
  AuditRecords,
  CacheMetrics,
  CacheMetricsSeries,
  ChaosExperiments,
  Edges,
  Journal,
  Markers,
  Receipts,
  Sites,
  Suggestions,
  Warmups,
} from "../../../client/schemas.ts";
import type { Ask, Asked } from "../frame/inside.ts";
import type { View } from "./view.ts";

export interface Overview {
  readonly view: View;
  readonly metrics: Asked<CacheMetrics>;
  readonly series: Asked<CacheMetricsSeries>;
  readonly alerts: Asked<Alerts>;
  readonly markers: Asked<Markers>;
  readonly audit: Asked<AuditRecords>;
  readonly edges: Asked<Edges>;
  readonly receipts: Asked<Receipts>;
  readonly warmups: Asked<Warmups>;
  readonly suggestions: Asked<Suggestions>;
  readonly journal: Asked<Journal>;
  readonly sites: Asked<Sites>;
  readonly chaos: Asked<ChaosExperiments>;
}

/** Shown in a list. */
const LISTED = 8;

export async function readOverview(ask: Ask, view: View): Promise<Overview> {
  const site = view.site === null ? {} : { site: view.site };
  const [metrics, series, alerts, markers, audit] = await Promise.all([
    ask("GET /cache-metrics", { query: { window: view.range, ...site } }),
    ask("GET /cache-metrics/series", { query: { window: view.range, ...site } }),
    ask("GET /alerts"),
    ask("GET /markers", { query: { window: view.range } }),
    ask("GET /audit", { query: { limit: LISTED, ...site } }),
  ]);
  const [edges, receipts, warmups, suggestions, journal, sites, chaos] = await Promise.all([
    ask("GET /edges"),
    ask("GET /invalidations", { query: { limit: LISTED } }),
    ask("GET /warmups", { query: { limit: LISTED } }),
    ask("GET /policies/suggestions", { query: site }),
    ask("GET /journal", { query: { limit: LISTED } }),
    ask("GET /sites"),
    ask("GET /chaos", { query: { limit: LISTED } }),
  ]);
  return {
    view,
    metrics,
    series,
    alerts,
    markers,
    audit,
    edges,
    receipts,
    warmups,
    suggestions,
    journal,
    sites,
    chaos,
  };
}

/** Null where it is not known. */
export const known = <T>(asked: Asked<T>): T | null => (asked.kind === "known" ? asked.value : null);

/** Why nothing can be said, in a sentence. */
export function whyUnknown(asked: Asked<unknown>): string | null {
  if (asked.kind === "known") return null;
  if (asked.status === 403) return "This token may not see it.";
  if (asked.status === 503) return "Unknown while Redis does not answer.";
  return asked.problem?.detail ?? `Unknown: the answer was ${asked.status}.`;
}
