// Who waits for a turn: in the order of arrival, users' requests before background work, and no more than a limit of each.

export type Priority = "user" | "background";

export interface LineLimits {
  readonly user: number;
  readonly background: number;
}

export class WaitingLine<T> {
  private readonly waiting: Record<Priority, Set<T>> = { user: new Set(), background: new Set() };
  private readonly limits: LineLimits;

  constructor(limits: LineLimits) {
    this.limits = limits;
  }

  get length(): number {
    return this.waiting.user.size + this.waiting.background.size;
  }

  /** False where as many wait as may. */
  join(waiter: T, priority: Priority): boolean {
    const those = this.waiting[priority];
    if (those.size >= this.limits[priority]) return false;
    those.add(waiter);
    return true;
  }

  /** Whose turn it is; null where nobody waits. */
  next(): T | null {
    for (const those of [this.waiting.user, this.waiting.background])
      for (const waiter of those) {
        those.delete(waiter);
        return waiter;
      }
    return null;
  }

  /** False where its turn has come already. */
  leave(waiter: T): boolean {
    return this.waiting.user.delete(waiter) || this.waiting.background.delete(waiter);
  }
}
