// How much of clients' content an isolate holds before it is sent on.

import { elapsed, type Instant, later } from "../shared/core/units.ts";
import { LIMITS } from "./config.ts";

/** Of one request. */
export interface Holding {
  readonly site: string;
  readonly since: Instant;
  octets: number;
}

/** In octets: in all, and of each site, so that the clients of one can't turn those of others away. */
export class HeldUploads {
  private readonly holdings = new Set<Holding>();

  begin(site: string, since: Instant): Holding {
    const holding = { site, since, octets: 0 };
    this.holdings.add(holding);
    return holding;
  }

  /** False where there is no room for them. */
  take(holding: Holding, octets: number, now: Instant): boolean {
    if (!this.hasRoom(holding.site, octets)) this.reclaim(now);
    if (!this.hasRoom(holding.site, octets)) return false;
    holding.octets += octets;
    return true;
  }

  giveBack(holding: Holding): void {
    this.holdings.delete(holding);
  }

  private hasRoom(site: string, octets: number): boolean {
    let [all, ofSite] = [octets, octets];
    for (const holding of this.holdings) {
      all += holding.octets;
      if (holding.site === site) ofSite += holding.octets;
    }
    return all <= LIMITS.uploadsHeld && ofSite <= LIMITS.uploadsHeldOfSite;
  }

  /** A request that was ended with its client gives nothing back. */
  private reclaim(now: Instant): void {
    const longest = elapsed(now, later(later(now, LIMITS.uploadDeadline), LIMITS.followerGuard));
    for (const holding of this.holdings)
      if (elapsed(holding.since, now) > longest) this.holdings.delete(holding);
  }
}
