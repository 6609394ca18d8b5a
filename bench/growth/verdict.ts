// How a cost grows with a size: what its largest figure is over its smallest, beside what a logarithm would be.

export interface Point {
  readonly size: number;
  /** In the axis's unit; null where it could not be told. */
  readonly cost: number | null;
}

export type Growth = "none" | "logarithmic" | "faster";

export interface Grown {
  /** Of the cost at the largest size over that at the smallest. */
  readonly ratio: number;
  /** What it would be if the cost were the logarithm of the size. */
  readonly logarithm: number;
  readonly growth: Growth;
}

/** What the same figure differs by from run to run. */
const NOISE = 1.25;

export function grown(points: readonly Point[]): Grown {
  const told = points.filter((point): point is Point & { cost: number } => point.cost !== null);
  const [first, last] = [told[0], told.at(-1)];
  if (first === undefined || last === undefined || first.cost <= 0)
    return { ratio: Number.NaN, logarithm: Number.NaN, growth: "faster" };
  const ratio = last.cost / first.cost;
  // Sizes begin at one for a logarithm: nothing at all takes as long as one.
  const log = (size: number): number => Math.log2(Math.max(2, size));
  const logarithm = log(last.size) / log(first.size);
  return { ratio, logarithm, growth: growthOf(ratio, logarithm) };
}

function growthOf(ratio: number, logarithm: number): Growth {
  if (ratio <= NOISE) return "none";
  return ratio <= NOISE * logarithm ? "logarithmic" : "faster";
}
