// Which keys were asked for, so far as their number can be told: registers a site, begun anew with each report.

import { mergeInto, noRegisters, type Registers, touch, writeRegisters } from "../shared/core/distinct.ts";
import type { Route } from "./router.ts";

export class DistinctKeys {
  /** Changes with each report: what was noted in this one is not noted again. */
  private period = 1;
  private sites = new Map<string, Registers>();
  private before = new Map<string, Registers>();

  /** For a route that is remembered, most often one comparison. */
  note(route: Pick<Route, "site" | "key" | "notedIn">): void {
    if (route.notedIn === this.period) return;
    route.notedIn = this.period;
    const { site, key } = route;
    let registers = this.sites.get(site.name);
    if (registers === undefined) {
      registers = noRegisters();
      this.sites.set(site.name, registers);
    }
    touch(registers, key);
  }

  /** By site. Told twice, since the first report of it may have been lost: merging it once more changes nothing. */
  report(): Record<string, string> {
    const told = new Map([...this.before].map(([site, registers]) => [site, registers.slice()] as const));
    for (const [site, registers] of this.sites) {
      const there = told.get(site);
      if (there === undefined) told.set(site, registers);
      else mergeInto(there, registers);
    }
    this.before = this.sites;
    this.sites = new Map();
    this.period += 1;
    return Object.fromEntries([...told].map(([site, registers]) => [site, writeRegisters(registers)]));
  }
}
