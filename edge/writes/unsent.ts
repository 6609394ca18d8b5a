// Writes whose invalidation the log has not taken yet: kept by what they named, and sent again until it has.

import { formatSelector } from "../../shared/core/selector.ts";
import { elapsed, type Instant, type Selector, seconds } from "../../shared/core/units.ts";
import type { AppendQuery } from "../../shared/ports/mid-tier.ts";
import type { Route, Router } from "../router.ts";

/** A write that the origin took. It names URLs, because an edge that is still cold knows no sites to name selectors by. */
export interface OriginWrite {
  readonly operationId: string;
  readonly method: string;
  readonly target: string;
  /** What Location and Content-Location named, as received. */
  readonly references: readonly string[];
  /** Groups of `Cache-Group-Invalidation`. */
  readonly groups: readonly string[];
}

/** Beyond so many groups a write makes its whole host out of date: each costs Redis and every edge an index entry. */
const MOST_GROUPS = 100;

/** The entry that a write makes, by the configuration in force; null where no site serves its target. */
export function invalidationOf(
  write: OriginWrite,
  by: { router: Router; edge: string; replicas: number },
): AppendQuery | null {
  const route = by.router.resolve(write.target, write.target);
  if (route === null) return null;
  const { site, host, pathAndQuery } = route.source;
  const selectors = new Set<Selector>([urlSelector(route)]);
  for (const reference of write.references) {
    const other = by.router.resolve(reference, write.target);
    // RFC 9111 §4.4: only what lies on the same origin, or one site could invalidate another's pages.
    if (other !== null && other.source.host === host) selectors.add(urlSelector(other));
  }
  if (write.groups.length > MOST_GROUPS) selectors.add(formatSelector(site, { kind: "host", host }));
  else for (const group of write.groups) selectors.add(formatSelector(site, { kind: "group", host, group }));
  return {
    operationId: write.operationId,
    requestDigest: write.operationId,
    actor: `edge/${by.edge}`,
    action: "write",
    payload: { kind: "invalidate", mode: "hard", selectors: [...selectors] },
    detail: `${write.method} ${pathAndQuery}`,
    replicas: by.replicas,
  };
}

const urlSelector = ({ source }: Route): Selector =>
  formatSelector(source.site, { kind: "url", host: source.host, pathAndQuery: source.pathAndQuery });

/** More than this at once means a log that has been away for long under heavy writing. */
const MOST = 10_000;
/** Sent in one go, well within what a request may do behind its answer. */
const FLUSH_AT_ONCE = 20;
const FLUSH_AT_MOST = seconds(15);

export class UnsentWrites {
  private readonly queue = new Map<string, OriginWrite>();
  private flushingSince: Instant | null = null;

  get size(): number {
    return this.queue.size;
  }

  get isFull(): boolean {
    return this.queue.size >= MOST;
  }

  keep(write: OriginWrite): void {
    this.queue.set(write.operationId, write);
  }

  /**
   * Offers some of what is kept, oldest first, until one is not taken; the operation's id makes a repeated append one.
   * A flush whose request was cancelled never ends: after a while another one begins regardless.
   */
  async flush(send: (write: OriginWrite) => Promise<boolean>, now: Instant): Promise<void> {
    if (this.queue.size === 0) return;
    if (this.flushingSince !== null && elapsed(this.flushingSince, now) < FLUSH_AT_MOST) return;
    this.flushingSince = now;
    try {
      for (const [id, write] of [...this.queue].slice(0, FLUSH_AT_ONCE)) {
        if (!(await send(write))) return;
        this.queue.delete(id);
      }
    } finally {
      this.flushingSince = null;
    }
  }
}
