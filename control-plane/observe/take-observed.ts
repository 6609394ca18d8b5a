// Takes in what edges have observed, each batch once.

import type { NamedReport } from "../../shared/mid-tier/fold-reports.ts";
import type { Observations } from "../../shared/mid-tier/observations.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { Counted } from "../../shared/wire/audit.ts";
import { MergedBatches } from "../edges/merged-batches.ts";

export class ObservedLedger {
  private readonly observations: Observations;
  private readonly merged = new MergedBatches();

  constructor(observations: Observations) {
    this.observations = observations;
  }

  /** What the edge need not tell again. */
  countedOf(edge: string): Counted | null {
    return this.merged.lastOf(edge);
  }

  /** What could not be merged comes again with the next reports, and counts once. */
  async take(reports: readonly NamedReport[]): Promise<{ readonly kind: "done" } | Unavailable> {
    const batches = reports.flatMap(({ edge, report: { boot, observed = null } }) =>
      observed === null ? [] : [{ edge, boot, batch: observed }],
    );
    const fresh = batches.filter((batch) => !this.merged.has(batch));
    const outcome = await this.observations.merge(fresh);
    if (outcome.kind === "unavailable") return outcome;
    for (const batch of fresh) this.merged.add(batch);
    return { kind: "done" };
  }
}
