// How much of clients' content an isolate holds before it is sent on.

import { elapsed, type Instant } from "../shared/core/units.ts";
import { LIMITS } from "./config.ts";

/** Of one request. */
export interface Holding {
  readonly site: string;
  readonly since: Instant;
  octets: number;
}

/** In octets: in all, and of each site, so that the clients of one can't turn those of others away. */
export class HeldUploads {
  /** Oldest first. */
  private readonly holdings = new Set<Holding>();
  private all = 0;
  private readonly bySite = new Map<string, number>();

  begin(site: string, since: Instant): Holding {
    const holding = { site, since, octets: 0 };
    this.holdings.add(holding);
    return holding;
  }

  /** False where there is no room for them. */
  take(holding: Holding, octets: number, now: Instant): boolean {
    if (!this.hasRoom(holding.site, octets)) this.reclaim(now);
    if (!this.holdings.has(holding) || !this.hasRoom(holding.site, octets)) return false;
    holding.octets += octets;
    this.count(holding.site, octets);
    return true;
  }

  giveBack(holding: Holding): void {
    if (this.holdings.delete(holding)) this.count(holding.site, -holding.octets);
  }

  private count(site: string, octets: number): void {
    this.all += octets;
    const ofSite = (this.bySite.get(site) ?? 0) + octets;
    if (ofSite === 0) this.bySite.delete(site);
    else this.bySite.set(site, ofSite);
  }

  private hasRoom(site: string, octets: number): boolean {
    const ofSite = (this.bySite.get(site) ?? 0) + octets;
    return this.all + octets <= LIMITS.uploadsHeld && ofSite <= LIMITS.uploadsHeldOfSite;
  }

  /** A request that was ended with its client gives nothing back. */
  private reclaim(now: Instant): void {
    for (const holding of this.holdings) {
      if (elapsed(holding.since, now) <= LIMITS.uploadDeadline + LIMITS.followerGuard) return;
      this.giveBack(holding);
    }
  }
}
