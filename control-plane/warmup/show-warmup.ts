// A warm-up as it is shown.

import type { Warmup, WarmupError, WarmupState } from "../../shared/mid-tier/warmup-record.ts";
import { decodeTarget } from "../../shared/wire/warm-target.ts";

export interface ShownError extends WarmupError {
  /** Which of the variants, 0 first; null where it was asked for as it is. */
  readonly variant: number | null;
}

export interface ShownWarmup {
  readonly id: string;
  readonly site: string;
  readonly actor: string;
  readonly state: WarmupState;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly later: number;
  readonly documents: { readonly found: number; readonly read: number };
  readonly variants: number;
  readonly ratePerSecond: number;
  readonly concurrency: number;
  readonly edges: string[] | "all";
  /** By its pace so far; null while it isn't known how much there is, and where it has ended before its end. */
  readonly etaSeconds: number | null;
  readonly errors: ShownError[];
  readonly acceptedAt: string;
  readonly finishedAt: string | null;
}

export function showWarmup(warmup: Warmup): ShownWarmup {
  const { id, site, actor, state, done, skipped, later, documents, ratePerSecond, concurrency } = warmup;
  return {
    ...{ id, site, actor, state },
    // What could not be taken is among what was to be done, and has failed.
    ...{ total: warmup.total + warmup.refused, done, failed: warmup.failed + warmup.refused },
    ...{ skipped, later, documents: { ...documents }, variants: warmup.variants.length },
    ...{ ratePerSecond, concurrency },
    edges: warmup.edges === null ? "all" : [...warmup.edges],
    etaSeconds: etaOf(warmup),
    errors: warmup.errors.map((error) => showError(error, warmup.variants)),
    acceptedAt: new Date(warmup.at).toISOString(),
    finishedAt: warmup.finishedAt === null ? null : new Date(warmup.finishedAt).toISOString(),
  };
}

/** Of a variant, the URL and which it is: its headers are long, and the hot set's are nobody's affair here. */
function showError({ url, edge, reason }: WarmupError, variants: Warmup["variants"]): ShownError {
  const headers = JSON.stringify(decodeTarget(url)?.headers ?? []);
  const variant = variants.findIndex((one) => JSON.stringify(one) === headers);
  return { url: url.split("\n", 1)[0] ?? "", variant: variant === -1 ? null : variant, edge, reason };
}

export const isOpen = ({ state }: Pick<ShownWarmup, "state">): boolean =>
  state === "listing" || state === "running";

function etaOf({ state, total, done, failed, skipped, ratePerSecond, began, now }: Warmup): number | null {
  if (state === "cancelled" || state === "listing") return null;
  const settled = done + failed + skipped;
  const elapsedSeconds = Math.max(0.001, (now - began) / 1000);
  // Where nothing is done yet, one may be at any moment: the longer that takes, the slower it is.
  const measured = Math.max(1, settled) / elapsedSeconds;
  return Math.ceil((total - settled) / Math.min(measured, ratePerSecond));
}
