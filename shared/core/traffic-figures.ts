// What edges count of the traffic below one path pattern: sums only, so that they can be added up, and decay.

/** Upper bounds of the sizes of answers, in octets; the last bucket has none. */
export const SIZE_BOUNDS = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216] as const;

const COUNTS = [
  /** Clients' requests, sampled: those below it up to `hashed` count the same ones. */
  "requests",
  "hits",
  "withCookie",
  "authorized",
  "hashed",
  /** Answers of the origin to a GET, every one: those below it count the same ones. */
  "answers",
  "setCookie",
  "private",
  "noStore",
  "immutable",
  "lifeNone",
  "lifeShort",
  "lifeLong",
  "errors",
  /** Answers that could be compared with the one before for the same URL, those that differ, and the time between. */
  "compared",
  "changed",
  "comparedMs",
  /** Requests that write, every one. */
  "writes",
] as const;

export type Count = (typeof COUNTS)[number];

const PLACES: ReadonlyMap<string, number> = new Map(COUNTS.map((name, at) => [name, at]));
const placeOf = (name: Count): number => PLACES.get(name) ?? 0;

const SIZES_AT = COUNTS.length;
export const FIGURES_LENGTH = SIZES_AT + SIZE_BOUNDS.length + 1;

/** In this order: the counts, then the sizes. */
export type Figures = number[];

export const noFigures = (): Figures => Array<number>(FIGURES_LENGTH).fill(0);

export const figureOf = (figures: Readonly<Figures>, name: Count): number => figures[placeOf(name)] ?? 0;

export function addFigure(figures: Figures, name: Count, by: number): void {
  const at = placeOf(name);
  figures[at] = (figures[at] ?? 0) + by;
}

export function addSize(figures: Figures, octets: number, by: number): void {
  const found = SIZE_BOUNDS.findIndex((bound) => octets <= bound);
  const at = SIZES_AT + (found < 0 ? SIZE_BOUNDS.length : found);
  figures[at] = (figures[at] ?? 0) + by;
}

export const sumOf = (a: Readonly<Figures>, b: Readonly<Figures>): Figures =>
  a.map((value, at) => value + (b[at] ?? 0));

/** An upper bound of the size that this share of the requests were answered with; null where none were. */
export function sizeQuantile(figures: Readonly<Figures>, share: number): number | null {
  const sizes = figures.slice(SIZES_AT);
  const all = sizes.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let passed = 0;
  for (const [at, count] of sizes.entries()) {
    passed += count;
    if (passed >= share * all) return SIZE_BOUNDS[at] ?? 2 * (SIZE_BOUNDS.at(-1) ?? 0);
  }
  return null;
}
