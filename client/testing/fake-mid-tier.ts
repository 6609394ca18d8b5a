// The mid-tier in memory: values and leases as its scripts decide on them, for one shard.

import { givesWay, type LeaseOrder } from "../../shared/core/lease-order.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import { elapsed, type Instant, later, millis } from "../../shared/core/units.ts";
import type {
  FillOutcome,
  FillQuery,
  LeaseMarker,
  MidTier,
  ReadOutcome,
  ReadQuery,
  ReleaseQuery,
  RenewQuery,
} from "../../shared/ports/mid-tier.ts";
import type { Reachable } from "./reachable.ts";

interface Kept {
  readonly answer: FillQuery["answer"];
  readonly body: FillQuery["body"];
  verifiedTo: Position;
  readonly grantedAt: Instant;
  readonly until: Instant;
}

type Lease =
  | {
      readonly kind: "held";
      readonly token: string;
      readonly order: LeaseOrder;
      readonly at: Instant;
      readonly until: Instant;
    }
  | { readonly kind: LeaseMarker["kind"]; readonly until: Instant };

const SHARD = "fake";

export class FakeMidTier implements MidTier {
  private readonly values = new Map<string, Kept>();
  private readonly leases = new Map<string, Lease>();
  private readonly reachable: Reachable;

  constructor(reachable: Reachable) {
    this.reachable = reachable;
  }

  /** Forgets all that it holds, as a database that was flushed. */
  flush(): void {
    this.values.clear();
    this.leases.clear();
  }

  get size(): number {
    return this.values.size;
  }

  read(query: ReadQuery): Promise<ReadOutcome> {
    return this.reachable.call(() => this.readNow(query));
  }

  async fill(query: FillQuery): Promise<FillOutcome> {
    return this.reachable.call((): FillOutcome => {
      const { key, leaseKey, token, answer, body, keepFor } = query;
      const there = this.valueAt(key);
      if (there?.answer.id === answer.id) return { kind: "stored", displaced: 0 };
      const lease = this.leaseAt(leaseKey);
      if (lease?.kind !== "held" || lease.token !== token) return { kind: "refused", reason: "lease" };
      this.leases.delete(leaseKey);
      if (there !== undefined && comparePositions(there.answer.asOf, answer.asOf) > 0)
        return { kind: "refused", reason: "as-of" };
      const until = later(this.reachable.now(), keepFor);
      this.values.set(key, { answer, body, verifiedTo: answer.asOf, grantedAt: lease.at, until });
      return { kind: "stored", displaced: 0 };
    });
  }

  async release({ key, token, marker }: ReleaseQuery): Promise<"released" | "unavailable"> {
    const outcome = await this.reachable.call(() => {
      const lease = this.leaseAt(key);
      if (lease?.kind === "held" && lease.token === token) {
        this.leases.delete(key);
        if (marker !== null)
          this.leases.set(key, { kind: marker.kind, until: later(this.reachable.now(), marker.for) });
      }
      return { kind: "released" } as const;
    });
    return outcome.kind;
  }

  async renew({ key, token, duration }: RenewQuery): Promise<"renewed" | "lost" | "unavailable"> {
    const outcome = await this.reachable.call(() => {
      const lease = this.leaseAt(key);
      if (lease?.kind !== "held" || lease.token !== token) return { kind: "lost" } as const;
      this.leases.set(key, { ...lease, until: later(this.reachable.now(), duration) });
      return { kind: "renewed" } as const;
    });
    return outcome.kind;
  }

  async verified({ key, id, position }: { key: string; id: string; position: Position }): Promise<void> {
    await this.reachable.call(() => {
      const there = this.valueAt(key);
      if (there?.answer.id === id && comparePositions(position, there.verifiedTo) > 0)
        there.verifiedTo = position;
      return { kind: "done" } as const;
    });
  }

  private readNow({ key, not, need, asOf, lease }: ReadQuery): ReadOutcome {
    const now = this.reachable.now();
    const there = this.valueAt(key);
    if (there !== undefined && there.answer.id !== not) {
      const { answer, body, verifiedTo, grantedAt } = there;
      const found = { answer, body, verifiedTo, residence: elapsed(grantedAt, now), shard: SHARD };
      return { kind: "hit", found };
    }
    const held = this.leaseAt(key);
    if (held !== undefined && held.kind !== "held") return { kind: held.kind };
    const granted = { shard: SHARD, copies: [], silent: [] };
    if (held?.kind === "held") {
      if (held.token === lease?.token) return { kind: "leased", granted };
      const heldFor = elapsed(held.at, now);
      if (!givesWay(held.order, need, { heldFor, patience: lease?.patience ?? 0 }))
        return { kind: "taken", remaining: millis(Math.max(0, elapsed(now, held.until))) };
    }
    if (lease === null) return { kind: "absent" };
    this.leases.set(key, {
      kind: "held",
      token: lease.token,
      order: { asOf, overtakes: held !== undefined },
      at: now,
      until: later(now, lease.duration),
    });
    return { kind: "leased", granted };
  }

  private valueAt(key: string): Kept | undefined {
    const there = this.values.get(key);
    if (there === undefined || this.reachable.now() < there.until) return there;
    this.values.delete(key);
    return undefined;
  }

  private leaseAt(key: string): Lease | undefined {
    const there = this.leases.get(key);
    if (there === undefined || this.reachable.now() < there.until) return there;
    this.leases.delete(key);
    return undefined;
  }
}
