// What the control plane keeps of hot keys between rounds: which batches it has merged, and who is hot by now.

import { nextHotSet } from "../../shared/core/hot-set.ts";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { DueKeys } from "../../shared/mid-tier/due-keys.ts";
import type { NamedReport } from "../../shared/mid-tier/fold-reports.ts";
import type { HotKeys, RankedKey, RankingOutcome } from "../../shared/mid-tier/hot-keys.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { HotNews } from "../../shared/wire/hot.ts";
import { LIMITS } from "../config.ts";
import { MergedBatches } from "../edges/merged-batches.ts";

type Done = { readonly kind: "done" };

const HOT_SET = { share: LIMITS.hotShare, least: LIMITS.hotLeast, most: LIMITS.hotMost };

export class HotLedger {
  private readonly keys: HotKeys;
  private readonly due: DueKeys;
  private readonly merged = new MergedBatches();
  /** Null: nothing has been read yet, so nothing can be said. */
  private hot: readonly RankedKey[] | null = null;
  /** Null where something was merged since. */
  private readAt: Instant | null = null;

  constructor(keys: HotKeys, due: DueKeys) {
    this.keys = keys;
    this.due = due;
  }

  /** Beside what is hot, which of its batches the edge need not tell again. */
  newsFor(edge: string): HotNews {
    const keys = this.hot?.map(({ key: { url, headers } }) => ({ url, headers })) ?? null;
    return { counted: this.merged.lastOf(edge), keys };
  }

  isHot(id: string): boolean {
    return this.hot?.some((key) => key.id === id) ?? false;
  }

  /** What could not be merged comes again with the next reports, and counts once. */
  async take(reports: readonly NamedReport[]): Promise<Done | Unavailable> {
    const batches = reports.flatMap(({ edge, report: { boot, region, hot } }) =>
      hot === null ? [] : [{ edge, boot, region, batch: hot }],
    );
    const fresh = batches.filter((batch) => !this.merged.has(batch));
    if (fresh.length === 0) return { kind: "done" };
    this.readAt = null;
    const outcome = await this.keys.merge(fresh);
    if (outcome.kind === "unavailable") return outcome;
    for (const batch of fresh) this.merged.add(batch);
    // Advice on top of advice: what is lost here is counted again when it is asked for again.
    return this.due.note(fresh.flatMap(({ batch }) => batch.keys));
  }

  /** As `follow`, but now and then only where nothing was merged: what others merge, and decay, show soon enough. */
  async keepUp(now: Instant): Promise<void> {
    if (this.readAt !== null && elapsed(this.readAt, now) < LIMITS.hotReadEvery) return;
    this.readAt = now;
    if ((await this.follow()).kind === "unavailable") this.readAt = null;
  }

  /** Twice as many as there may be hot ones are looked at: whoever has just lost its place may keep it. */
  async follow(): Promise<RankingOutcome> {
    const outcome = await this.keys.read(2 * LIMITS.hotMost);
    if (outcome.kind === "unavailable") return outcome;
    const before = new Set(this.hot?.map(({ id }) => id));
    this.hot = nextHotSet(before, outcome.keys, HOT_SET);
    return outcome;
  }
}
