// An L2 in this process, by the clock of whoever tests: leases, markers, answers and their variants.

import { givesWay, type LeaseOrder } from "../../shared/core/lease-order.ts";
import type { Position } from "../../shared/core/position.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import type { VaryMark } from "../../shared/core/vary.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { FillQuery, LeaseMarker, MidTier, ReadOutcome, ReadQuery } from "../../shared/ports/mid-tier.ts";
import { systemTimers } from "../../shared/runtime/system.ts";

/** Whoever waits for a lease looks again as soon as all others have had their turn. */
export const TURNS: Timers = {
  ...systemTimers,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

interface Slot {
  /** How the resource's answers vary, of which each has a slot of its own. */
  varies: VaryMark | null;
  answer: (Pick<FillQuery, "answer" | "body"> & { verifiedTo: Position; grantedAt: number }) | null;
  lease: { token: string; order: LeaseOrder; since: number; until: number } | null;
  marker: (LeaseMarker & { until: number }) | null;
}

export interface SmallL2 extends MidTier {
  /** What leases were given back with. */
  readonly markers: (LeaseMarker | null)[];
  fills: number;
  /** How long a fill takes before it is there. */
  fillTakes: () => Promise<unknown>;
}

const SHARD = "one";
const GRANTED = { kind: "leased", granted: { shard: SHARD, copies: [], silent: [] } } as const;

export function smallL2(now: () => number): SmallL2 {
  const slots = new Map<string, Slot>();
  const slotOf = (key: string): Slot => {
    const slot = slots.get(key) ?? { varies: null, answer: null, lease: null, marker: null };
    slots.set(key, slot);
    return slot;
  };
  const held = (slot: Slot): Slot["lease"] =>
    slot.lease !== null && slot.lease.until > now() ? slot.lease : null;

  function read({ key, need, asOf, not, lease }: ReadQuery): ReadOutcome {
    const slot = slotOf(key);
    const { answer: there, marker, varies } = slot;
    if (varies !== null) return { kind: "varies", mark: varies };
    if (there !== null && there.answer.id !== not) {
      const { answer, body, verifiedTo, grantedAt } = there;
      const residence: Millis = millis(now() - grantedAt);
      return { kind: "hit", found: { answer, body, verifiedTo, residence, shard: SHARD } };
    }
    if (marker !== null && marker.until > now()) return { kind: marker.kind };
    const other = held(slot);
    if (
      other !== null &&
      !givesWay(other.order, need, { heldFor: now() - other.since, patience: lease?.patience ?? 0 }) &&
      other.token !== lease?.token
    )
      return { kind: "taken", remaining: millis(other.until - now()) };
    if (lease === null) return { kind: "absent" };
    const order = { asOf, overtakes: other !== null && other.token !== lease.token };
    slot.lease = { token: lease.token, order, since: now(), until: now() + lease.duration };
    return GRANTED;
  }

  const l2: SmallL2 = {
    markers: [],
    fills: 0,
    read: async (query) => read(query),
    fillTakes: async () => undefined,
    async fill({ key, primary, mark, leaseKey, token, answer, body }) {
      await l2.fillTakes();
      const lease = held(slotOf(leaseKey));
      if (lease?.token !== token) return { kind: "refused", reason: "lease" };
      slotOf(leaseKey).lease = null;
      slotOf(key).answer = { answer, body, verifiedTo: answer.asOf, grantedAt: lease.since };
      if (key !== primary) slotOf(primary).varies = mark;
      l2.fills += 1;
      return { kind: "stored", displaced: 0 };
    },
    async release({ key, token, marker }) {
      l2.markers.push(marker);
      const slot = slotOf(key);
      if (slot.lease?.token !== token) return "released";
      slot.lease = null;
      slot.marker = marker === null ? null : { ...marker, until: now() + marker.for };
      return "released";
    },
    async renew({ key, token, duration }) {
      const lease = held(slotOf(key));
      if (lease?.token !== token) return "lost";
      lease.until = now() + duration;
      return "renewed";
    },
    verified: async () => undefined,
  };
  return l2;
}
