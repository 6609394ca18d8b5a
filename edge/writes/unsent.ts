// Invalidations that the log has not acknowledged yet: kept and sent again, so that an outage loses none.

import type { AppendQuery, Log } from "../../shared/ports/mid-tier.ts";

/** More than this at once means a log that has been away for long under heavy writing. */
const MOST = 10_000;

export class UnsentInvalidations {
  private readonly queue = new Map<string, AppendQuery>();
  private flushing: Promise<void> | null = null;

  get size(): number {
    return this.queue.size;
  }

  /** False where no more can be kept: the write must then not be acknowledged. */
  keep(query: AppendQuery): boolean {
    if (this.queue.size >= MOST) return false;
    this.queue.set(query.operationId, query);
    return true;
  }

  /** Sends what is kept, oldest first; the operation's id makes a repeated append one. */
  flush(log: Log): Promise<void> {
    this.flushing ??= this.send(log).finally(() => {
      this.flushing = null;
    });
    return this.flushing;
  }

  private async send(log: Log): Promise<void> {
    for (const [id, query] of this.queue) {
      const outcome = await log.append(query);
      if (outcome.kind === "unavailable" || outcome.kind === "unreplicated") return;
      this.queue.delete(id);
    }
  }
}
