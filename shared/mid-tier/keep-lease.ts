// Renews the lease of whoever is still at work: leases are short, so that nobody waits long for a holder that died.

import type { Millis } from "../core/units.ts";
import type { Cancel, Timers } from "../ports/clock.ts";
import type { MidTier, RenewQuery } from "../ports/mid-tier.ts";

export interface LeaseTerms {
  readonly leaseDuration: Millis;
  /** Several times within a lease. */
  readonly leaseRenewal: Millis;
  /** So many at most. */
  readonly leaseRenewals: number;
}

/** Until the returned is called. What most work takes is over before the first renewal is due. */
export function keepLease(
  { midTier, timers }: { readonly midTier: Pick<MidTier, "renew">; readonly timers: Pick<Timers, "after"> },
  lease: Omit<RenewQuery, "duration">,
  terms: LeaseTerms,
): () => void {
  const query = { ...lease, duration: terms.leaseDuration };
  let isOver = false;
  let renewals = 0;
  let cancel: Cancel = () => {};
  const renew = async (): Promise<void> => {
    renewals += 1;
    // A shard that could not be asked may be asked again before the lease ends.
    const outcome = await midTier.renew(query);
    if (outcome !== "lost" && renewals < terms.leaseRenewals && !isOver) wait();
  };
  const wait = (): void => {
    cancel = timers.after(terms.leaseRenewal, () => void renew());
  };
  wait();
  return () => {
    isOver = true;
    cancel();
  };
}
