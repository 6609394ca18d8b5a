// What came of the claims of all benchmarks that ran, and the exit code that says it.

import type { BENCHMARKS, BenchmarkName } from "./benchmarks.ts";
import type { Verdict } from "./claim.ts";
import { areMet, type Comparison } from "./hit/claims.ts";

export type AnyFigures = Awaited<ReturnType<(typeof BENCHMARKS)[BenchmarkName]>>;

/** `missed`: a claim was not met. `broken`: a benchmark could not be run. The same numbers as `npm run chaos` has. */
export const EXIT = { met: 0, missed: 1, usage: 2, broken: 4 } as const;

/** Every claim of these figures by itself; none where the benchmark claims nothing. */
export function verdictsOf(figures: AnyFigures): Verdict[] {
  if ("comparisons" in figures) return figures.comparisons.flatMap(ofComparison);
  if ("others" in figures) return ofComparison(figures);
  if ("claims" in figures) return figures.claims.map(({ claim, holds }) => ({ claim, met: holds }));
  return "verdict" in figures ? [figures.verdict] : [];
}

const ofComparison = ({ name, claims, others }: Comparison): Verdict[] =>
  claims.map((claim) => {
    const { of, ratio, least } = claim;
    const met = areMet([claim], others);
    const measured = others[of]?.[ratio]?.toFixed(3) ?? "not measured";
    return {
      claim: `${name}: ${ratio} to ${of} ≥ ${least}`,
      ...{ met, ...(!met && { above: [measured] }) },
    };
  });

/**
 * A line for each claim that was missed, and the code to exit with. Quick figures are of a few rounds on whatever the
 * machine had left: they say which way a claim leans and can't decide it, so a build that runs them stays green.
 */
export function concluded(
  ran: readonly AnyFigures[],
  quick: boolean,
): { readonly lines: readonly string[]; readonly code: number } {
  const all = ran.flatMap((figures) =>
    verdictsOf(figures).map((verdict) => ({ ...verdict, of: figures.name })),
  );
  const missed = all.filter(({ met }) => !met);
  const lines = missed.map(({ of, claim, above = [] }) => {
    const why = above.length === 0 ? "" : ` (${above.join("; ")})`;
    return `not met${quick ? ", by quick figures" : ""}: ${of}: ${claim}${why}`;
  });
  if (all.length > 0)
    lines.push(`${all.length - missed.length} of ${all.length} claims met${quick ? QUICKLY : ""}`);
  return { lines, code: missed.length > 0 && !quick ? EXIT.missed : EXIT.met };
}

const QUICKLY = "; quick figures don't decide, run it without --quick";
