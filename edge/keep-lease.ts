// Renews the lease of a flight that is still under way: leases are short, so that nobody waits long for a holder that died.

import type { Cancel } from "../shared/ports/clock.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { Right } from "./lease.ts";

/** Until the returned is called. What most fetches take is over before the first renewal is due. */
export function keepLease(edge: Edge, { token, leaseKey: key, granted }: Right): () => void {
  if (token === null || granted === null) return () => {};
  const query = { key, token, duration: LIMITS.leaseDuration, at: granted.shard };
  let isOver = false;
  let renewals = 0;
  let cancel: Cancel = () => {};
  const renew = async (): Promise<void> => {
    renewals += 1;
    // A shard that could not be asked may be asked again before the lease ends.
    const outcome = await edge.midTier.renew(query);
    if (outcome !== "lost" && renewals < LIMITS.leaseRenewals && !isOver) wait();
  };
  const wait = (): void => {
    cancel = edge.timers.after(LIMITS.leaseRenewal, () => void renew());
  };
  wait();
  return () => {
    isOver = true;
    cancel();
  };
}
