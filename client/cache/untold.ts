// What the log could not be told is invalidated for this process: by what names, and since when.

import type { Instant, Selector } from "../../shared/core/units.ts";
import { CACHE_LIMITS } from "./limits.ts";
import type { Invalidation } from "./unsent.ts";

interface Drop {
  readonly number: number;
  readonly at: Instant;
}

export class Untold {
  /** Grows with each: what began before it, and is named by it, must not be kept, nor given to whoever comes later. */
  drops = 0;
  /** The last of each name. */
  private readonly named = new Map<Selector, Drop & { readonly operationId: string }>();
  /** Where there were too many names: everything from before then. */
  private all: Drop | null = null;

  add({ operationId, payload }: Invalidation, at: Instant): void {
    this.drops += 1;
    const drop = { number: this.drops, at, operationId };
    for (const selector of payload.selectors) this.named.set(selector, drop);
    if (this.named.size <= CACHE_LIMITS.untold) return;
    this.all = drop;
    this.named.clear();
  }

  get isEmpty(): boolean {
    return this.named.size === 0 && this.all === null;
  }

  /** The view knows of it from now on. */
  told({ operationId, payload }: Invalidation): void {
    for (const selector of payload.selectors)
      if (this.named.get(selector)?.operationId === operationId) this.named.delete(selector);
  }

  /** Whether one that came after so many names any of them. */
  hitsSince(drops: number, selectors: readonly Selector[]): boolean {
    return drops < this.drops && this.hits(selectors, ({ number }) => number > drops);
  }

  /** The same of a value that another process may have loaded: it was loaded no earlier than then. */
  hitsBorn(bornAt: Instant, selectors: readonly Selector[]): boolean {
    return this.drops > 0 && this.hits(selectors, ({ at }) => at >= bornAt);
  }

  private hits(selectors: readonly Selector[], isLater: (drop: Drop) => boolean): boolean {
    if (this.all !== null && isLater(this.all)) return true;
    if (this.named.size === 0) return false;
    return selectors.some((selector) => {
      const drop = this.named.get(selector);
      return drop !== undefined && isLater(drop);
    });
  }
}
