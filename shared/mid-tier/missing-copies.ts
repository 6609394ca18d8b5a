// Copies that a shard should hold and is known to lack: how far it lags behind the others.

import { elapsed, type Instant, later, type Millis, millis } from "../core/units.ts";

interface Missing {
  readonly since: Instant;
  /** By then nobody would be served it any more. */
  readonly until: Instant;
}

/** By the isolate that failed to make them; what others failed at, others count. */
export class MissingCopies {
  private readonly byShard = new Map<string, Map<string, Missing>>();
  private readonly most: number;

  /** `most`: copies remembered of one shard, oldest first. */
  constructor(most: number) {
    this.most = most;
  }

  missed(shard: string, key: string, at: { readonly now: Instant; readonly keepFor: Millis }): void {
    const missing = this.of(shard);
    if (missing.has(key) || missing.size >= this.most) return;
    missing.set(key, { since: at.now, until: later(at.now, at.keepFor) });
  }

  made(shard: string, key: string): void {
    this.byShard.get(shard)?.delete(key);
  }

  /** The age of the oldest copy known to be missing. */
  lag(shard: string, now: Instant): Millis {
    const missing = this.byShard.get(shard);
    if (missing !== undefined)
      for (const [key, { since, until }] of missing) {
        if (until > now) return elapsed(since, now);
        missing.delete(key);
      }
    return millis(0);
  }

  private of(shard: string): Map<string, Missing> {
    const missing = this.byShard.get(shard) ?? new Map<string, Missing>();
    this.byShard.set(shard, missing);
    return missing;
  }
}
