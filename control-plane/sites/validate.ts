// Checks sites as a whole, without changing anything: every fault of every row, and what they take from each other.

import type { Reach } from "../../shared/core/address.ts";
import { compileRouting, hostPatterns, placeOf, type Site } from "../../shared/core/routing.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import { serverOf } from "./edge-hosts.ts";
import { readSiteRow } from "./row.ts";
import type { Sites } from "./table.ts";

export interface Verdict {
  readonly errors: readonly Fault[];
  readonly warnings: readonly Fault[];
}

export interface Beside {
  readonly sites: Pick<Sites, "entries">;
  readonly reach: Reach;
  /** Servers by `host:port` that are edges themselves. */
  readonly edges: ReadonlySet<string>;
}

/** Rows stand beside the sites that there are, or in place of those that they name. */
export function validateSites(
  values: readonly unknown[],
  beside: Beside,
  at: (index: number) => string,
): Verdict {
  const errors: Fault[] = [];
  const read = new Map<number, Site>();
  const names = new Set<string>();
  for (const [index, value] of values.entries()) {
    const outcome = readSiteRow(value, { name: `new-${index + 1}`, reach: beside.reach });
    const placed = (fault: Fault): Fault => ({ ...fault, pointer: at(index) + fault.pointer });
    if (outcome.kind === "invalid") errors.push(...outcome.faults.map(placed));
    const { site } = outcome;
    if (site === null) continue;
    if (names.has(site.name))
      errors.push(placed({ pointer: "/name", message: `repeats ${JSON.stringify(site.name)}` }));
    names.add(site.name);
    errors.push(...loops(site, beside.edges).map(placed));
    read.set(index, site);
  }
  const kept = beside.sites.entries.filter(({ name }) => !names.has(name)).map(({ site }) => site);
  if (kept.length + read.size > LIMITS.sites) errors.push({ pointer: "", message: tooMany });
  const warnings: Fault[] = [];
  for (const [index, site] of read) {
    const others = [...kept, ...[...read.values()].filter((one) => one !== site)];
    const placed = (fault: Fault): Fault => ({ ...fault, pointer: at(index) + fault.pointer });
    errors.push(...clashes(site, others).map(placed));
    warnings.push(...overlaps(site, others).map(placed));
  }
  return { errors: errors.slice(0, LIMITS.faults), warnings: warnings.slice(0, LIMITS.faults) };
}

const tooMany = `there may be ${LIMITS.sites} sites at most`;

/** An edge that asks an edge would ask for ever. */
function loops({ origin }: Site, edges: ReadonlySet<string>): Fault[] {
  return edges.has(serverOf(origin ?? "") ?? "")
    ? [{ pointer: "/origin", message: "is an edge itself" }]
    : [];
}

type Named = readonly [pointer: string, name: string];

const namesOf = ({ hosts, aliases }: Site): Named[] => [
  ...hosts.map((name, index): Named => [`/hosts/${index}`, name]),
  ...aliases.map((name, index): Named => [`/aliases/${index}`, name]),
];

/** A host is served by one site, and by one of its names: whoever else has it would lose it without a word. */
function clashes(site: Site, others: readonly Site[]): Fault[] {
  const faults: Fault[] = [];
  const owners = new Map(others.flatMap((other) => namesOf(other).map(([, name]) => [name, other.name])));
  const own = new Set<string>();
  for (const [pointer, name] of namesOf(site)) {
    const owner = owners.get(name);
    if (owner !== undefined) faults.push({ pointer, message: `${name} is a host of the site ${owner}` });
    if (own.has(name)) faults.push({ pointer, message: `repeats ${name}` });
    own.add(name);
  }
  const routing = compileRouting([site, ...others], []);
  const { canonicalHost: host } = site;
  const place = placeOf(routing, { scheme: "http", host, path: "/", query: "", hasQuery: false });
  // Named by URL, its answers would be another site's.
  if (place !== null && place.site.name !== site.name && site.aliases.length > 0 && owners.has(host))
    faults.push({ pointer: "/canonical_host", message: `${host} is a host of the site ${place.site.name}` });
  return faults;
}

/** Hosts that one site takes out of what another's pattern matches. `*` is for those that nobody names: nothing is taken from it. */
function overlaps(site: Site, others: readonly Site[]): Fault[] {
  const faults: Fault[] = [];
  const owners = new Map(others.flatMap((other) => other.hosts.map((name) => [name, other.name])));
  for (const [index, host] of site.hosts.entries()) {
    const pointer = `/hosts/${index}`;
    const wider = hostPatterns(host)
      .slice(1, -1)
      .find((one) => owners.has(one));
    if (wider !== undefined)
      faults.push({ pointer, message: `is taken out of ${wider} of the site ${owners.get(wider)}` });
    if (!host.startsWith("*.")) continue;
    const narrower = [...owners].filter(([name]) => name !== host && name.endsWith(host.slice(1)));
    for (const [name, owner] of narrower)
      faults.push({ pointer, message: `leaves ${name} to the site ${owner}, which names it more closely` });
  }
  return faults;
}
