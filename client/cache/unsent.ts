// Invalidations that the log has not taken yet: offered again whenever it answers.

import type { AppendQuery } from "../../shared/ports/mid-tier.ts";
import { CACHE_LIMITS } from "./limits.ts";

/** How many replicas have to have it is worked out whenever the log is told. */
export type Invalidation = Omit<AppendQuery, "replicas">;

export class Unsent {
  private readonly queries = new Map<string, Invalidation>();
  private offering = false;
  /** Grows with each invalidation that was not told: what was under way then must not be kept. */
  drops = 0;

  get size(): number {
    return this.queries.size;
  }

  /** False where there are too many. */
  keep(query: Invalidation): boolean {
    this.drops += 1;
    if (this.queries.size >= CACHE_LIMITS.unsent) return false;
    this.queries.set(query.operationId, query);
    return true;
  }

  taken({ operationId }: Invalidation): void {
    this.queries.delete(operationId);
  }

  /** Oldest first, until one is not taken; the operation's id makes a repeated append one. */
  async offer(append: (query: Invalidation) => Promise<boolean>): Promise<void> {
    if (this.offering) return;
    this.offering = true;
    try {
      for (const [id, query] of this.queries) {
        if (!(await append(query))) return;
        this.queries.delete(id);
      }
    } finally {
      this.offering = false;
    }
  }
}
