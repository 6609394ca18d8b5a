// How much of bodies that are still coming in an isolate holds at once: of all of them, and of each site.

import { elapsed, type Instant, type Millis } from "../shared/core/units.ts";

/** Of one body. */
export interface Holding {
  readonly site: string;
  readonly since: Instant;
  octets: number;
}

interface Bounds {
  readonly all: number;
  /** Less than of all: the bodies of one site can't turn those of others away. */
  readonly ofSite: number;
  /** What is held for longer was lost with its request. */
  readonly lostAfter: Millis;
}

/** In octets. */
export class HeldOctets {
  /** Oldest first. */
  private readonly holdings = new Set<Holding>();
  private all = 0;
  private readonly bySite = new Map<string, number>();
  private readonly bounds: Bounds;

  constructor(bounds: Bounds) {
    this.bounds = bounds;
  }

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
    return this.all + octets <= this.bounds.all && ofSite <= this.bounds.ofSite;
  }

  /** A request that was ended with its client gives nothing back. */
  private reclaim(now: Instant): void {
    for (const holding of this.holdings) {
      if (elapsed(holding.since, now) <= this.bounds.lostAfter) return;
      this.giveBack(holding);
    }
  }
}
