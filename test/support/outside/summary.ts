// What an outside client has seen, in a few numbers.

import type { Exchange } from "../../../bench/outside/exchange.ts";
import { parseCacheStatus } from "../cache-status.ts";

export interface Summary {
  readonly exchanges: number;
  /** By status, or by how they failed. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly cacheStatus: Readonly<Record<string, number>>;
  /** From the scheduled instant on, so that a client which had to wait counts as slow. */
  readonly latencyMs: Percentiles | null;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function summarize(exchanges: readonly Exchange[]): Summary {
  const latencies = exchanges
    .filter(({ outcome }) => outcome.kind === "answered")
    .map(({ scheduledAt, endedAt }) => endedAt - scheduledAt);
  return {
    exchanges: exchanges.length,
    outcomes: countBy(exchanges, ({ outcome }) => {
      if (outcome.kind === "silent") return "silent";
      return outcome.kind === "failed" ? outcome.reason : String(outcome.status);
    }),
    cacheStatus: countBy(exchanges, ({ outcome }) =>
      outcome.kind === "answered" ? servedBy(outcome.cacheStatus) : null,
    ),
    latencyMs: percentiles(latencies),
  };
}

/** Null of nothing. */
export function percentiles(values: readonly number[]): Percentiles | null {
  const ascending = [...values].sort((a, b) => a - b);
  const max = ascending.at(-1);
  if (max === undefined) return null;
  const at = (q: number): number => ascending[Math.ceil(q * ascending.length) - 1] ?? max;
  return { p50: at(0.5), p99: at(0.99), max };
}

/** `tidegate-l1 hit`, `uri-miss`, `stale`, and so on: the tier that had it, or why none did. */
function servedBy(cacheStatus: string): string {
  const members = cacheStatus === "" ? [] : parseCacheStatus(cacheStatus);
  const nearest = members.at(-1);
  if (nearest === undefined) return "none";
  const hit = members.findLast(({ parameters }) => parameters.has("hit"));
  const detail = nearest.parameters.get("detail");
  const what = hit === undefined ? String(nearest.parameters.get("fwd") ?? "?") : `${hit.cache} hit`;
  return detail === undefined ? what : `${what} ${detail}`;
}

function countBy<T>(items: readonly T[], name: (item: T) => string | null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const key = name(item);
    if (key !== null) counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
