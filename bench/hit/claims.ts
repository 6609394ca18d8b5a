// What the hit path claims beside others, and whether that was measured.

import type { Ratios, Side } from "./rounds.ts";

export interface Claim {
  readonly of: string;
  readonly ratio: keyof Ratios;
  readonly least: number;
}

export interface Comparison<Name extends string = string> {
  readonly name: Name;
  readonly rounds: number;
  readonly edge: Side;
  readonly others: Readonly<Record<string, Side & Ratios>>;
  readonly claims: readonly Claim[];
  /** Peers that were left out. */
  readonly notInstalled?: readonly string[];
  readonly verdict: { readonly claim: string; readonly met: boolean };
}

export const verdictOn = (claims: readonly Claim[], others: Comparison["others"]): Comparison["verdict"] => ({
  claim: claims.map(({ of, ratio, least }) => `${ratio} to ${of} ≥ ${least}`).join(", "),
  met: areMet(claims, others),
});

/** What was not measured is not met: no side, or none whose CPU time could be told. */
export const areMet = (
  claims: readonly Claim[],
  others: Readonly<Record<string, Partial<Ratios>>>,
): boolean => claims.every(({ of, ratio, least }) => (others[of]?.[ratio] ?? Number.NaN) >= least);
