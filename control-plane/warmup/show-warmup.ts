// A warm-up as it is shown.

import type { Warmup, WarmupError, WarmupState } from "../../shared/mid-tier/warmups.ts";

export interface ShownWarmup {
  readonly id: string;
  readonly site: string;
  readonly state: WarmupState;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly ratePerSecond: number;
  readonly concurrency: number;
  readonly edges: string[] | "all";
  /** By its pace so far; null where it has ended before its end. */
  readonly etaSeconds: number | null;
  readonly errors: WarmupError[];
  readonly acceptedAt: string;
  readonly finishedAt: string | null;
}

export function showWarmup(warmup: Warmup): ShownWarmup {
  const { id, site, state, total, done, failed, skipped, ratePerSecond, concurrency } = warmup;
  return {
    ...{ id, site, state, total, done, failed, skipped, ratePerSecond, concurrency },
    edges: warmup.edges === null ? "all" : [...warmup.edges],
    etaSeconds: etaOf(warmup),
    // Of a variant, the URL: its headers are long, and nobody's affair here.
    errors: warmup.errors.map(({ url, ...error }) => ({ url: url.split("\n", 1)[0] ?? "", ...error })),
    acceptedAt: new Date(warmup.at).toISOString(),
    finishedAt: warmup.finishedAt === null ? null : new Date(warmup.finishedAt).toISOString(),
  };
}

function etaOf({ state, total, cursor, ratePerSecond, at, now }: Warmup): number | null {
  if (state === "cancelled") return null;
  const left = total - cursor;
  const elapsedSeconds = Math.max(0.001, (now - at) / 1000);
  const measured = cursor === 0 ? ratePerSecond : cursor / elapsedSeconds;
  return Math.ceil(left / Math.min(measured, ratePerSecond));
}
