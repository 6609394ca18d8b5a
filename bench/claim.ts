// What a benchmark claims, and whether its own figures bear it out.

/** What was not measured is not met. */
export interface Verdict {
  readonly claim: string;
  readonly met: boolean;
  /** What keeps it from being met, where that can be named. */
  readonly above?: readonly string[];
}

/** A claim about one figure. */
export interface FigureClaim {
  readonly claim: string;
  readonly measured: number;
  readonly holds: boolean;
}
