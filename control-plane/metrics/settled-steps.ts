// Figures of steps that nobody adds to any more: a chart that is drawn anew reads only what is not over.

import type { StepFigures } from "./series-point.ts";

export class SettledSteps {
  private readonly steps = new Map<string, StepFigures>();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.steps.size;
  }

  /** Of all sites where that is null. */
  of(bucket: string, site: string | null): StepFigures | null {
    return this.steps.get(nameOf(bucket, site)) ?? null;
  }

  keep(bucket: string, site: string | null, figures: StepFigures): void {
    this.steps.set(nameOf(bucket, site), figures);
    for (const oldest of this.steps.keys()) {
      if (this.steps.size <= this.most) break;
      this.steps.delete(oldest);
    }
  }
}

/** No site's name has a space in it. */
const nameOf = (bucket: string, site: string | null): string => `${site ?? ""} ${bucket}`;
