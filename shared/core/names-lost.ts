// What a change of configuration takes names from: answers that a purge by such a name was meant for live on without it.

import { STANDARD_CLASS } from "./classes.ts";
import { type PathPattern, patternsMeet, reachesInto } from "./pattern.ts";
import { inForceOrder, placeOf, type Routing, type Site } from "./routing.ts";
import { type Policy, WHOLE_URL } from "./rules.ts";
import { formatSelector, pathPrefixes } from "./selector.ts";
import type { Selector } from "./units.ts";

/** A change that would need more selectors names everything of its site. */
const MOST_SELECTORS = 64;

/** What of a policy decides by which names its URLs can be purged. */
type Naming = Pick<Policy, "class" | "tags" | "key">;

/** What governs where no policy does. */
const STANDARD: Naming = { class: STANDARD_CLASS.name, tags: [], key: WHOLE_URL };

export interface PolicyChange {
  /** Null stands for a policy that is not there. Both are of one site. */
  readonly before: Policy | null;
  readonly after: Policy | null;
  /** The site's other policies. */
  readonly others: readonly Policy[];
  /** No policy of the site has ever given way to none: whatever is governed by none bears all names of that. */
  readonly first: boolean;
}

/** Patterns that match every URL which the change takes a name from. */
export function patternsLosing({ before, after, others, first }: PolicyChange): PathPattern[] {
  const losing: PathPattern[] = [];
  const stays = before !== null && after !== null && patternsMeet(before.pattern, after.pattern);
  const lost =
    before !== null &&
    ((stays && !bears(after, before)) ||
      (isLarger(before, after) && !bears(STANDARD, before)) ||
      others.some((heir) => mayTake(heir, { from: before, to: after }) && !bears(heir, before)));
  if (before !== null && lost) losing.push(before.pattern);
  const taken =
    after !== null &&
    ((!first && isLarger(after, before) && !bears(after, STANDARD)) ||
      others.some((loser) => mayTake(loser, { from: after, to: before }) && !bears(after, loser)));
  if (after !== null && taken) losing.push(after.pattern);
  return losing;
}

/** Whether what one governs bears every name that it would bear under the other. Headers and cookies of a key are no names. */
const bears = (one: Naming, other: Naming): boolean =>
  one.class === other.class &&
  one.key.sort === other.key.sort &&
  JSON.stringify(one.key.query) === JSON.stringify(other.key.query) &&
  other.tags.every((tag) => one.tags.includes(tag));

/** Whether a policy may govern URLs that its other version does not match. */
const isLarger = (one: Policy, other: Policy | null): boolean => one.pattern.text !== other?.pattern.text;

/** Whether another policy may govern, on one side of the change, what this one governs on the other. */
const mayTake = (other: Policy, { from, to }: { from: Policy; to: Policy | null }): boolean =>
  inForceOrder(from, other) < 0 &&
  (to === null || isLarger(from, to) || inForceOrder(other, to) < 0) &&
  patternsMeet(from.pattern, other.pattern);

/** Selectors for all that a pattern matches, as narrow as there are any; `site` is null where the site is not known. */
export function selectorsWithin(name: string, site: Site | null, pattern: PathPattern): Selector[] {
  const hosts = hostsWithin(site, pattern);
  if (hosts === null || hosts.length > MOST_SELECTORS) return [everythingOf(name)];
  const path = literalPrefix(pattern);
  return hosts.map((host) => formatSelector(name, { kind: "prefix", host, path }));
}

/** Null where there is no counting them. */
function hostsWithin(site: Site | null, pattern: PathPattern): readonly string[] | null {
  const [token, ...more] = pattern.host ?? [];
  if (token?.kind === "text" && more.length === 0) return [token.text];
  if (site === null || site.hosts.some((host) => host.startsWith("*"))) return null;
  const hosts = new Set([...site.hosts, site.canonicalHost].map((host) => host.toLowerCase()));
  return [...hosts].filter((host) => reachesInto(pattern, { host, anyPort: false, below: null }));
}

/** The longest prefix, by whole segments, of every path that the pattern matches. */
function literalPrefix({ path }: PathPattern): string {
  const [first, ...more] = path;
  if (first?.kind !== "text") return "/";
  const whole = more.length === 0 ? first.text : first.text.slice(0, first.text.lastIndexOf("/") + 1);
  return pathPrefixes(whole).at(-1) ?? "/";
}

export interface SiteChange {
  readonly before: Routing;
  readonly after: Routing;
  /** The old version of the site and the new one, as far as there are any. */
  readonly versions: readonly Site[];
}

export function selectorsReached(change: SiteChange): Selector[] {
  const places = placesReached(change);
  const found = places.map(([name, host]) =>
    host.startsWith("*") ? everythingOf(name) : formatSelector(name, { kind: "prefix", host, path: "/" }),
  );
  return found.length > MOST_SELECTORS ? places.map(([name]) => everythingOf(name)) : found;
}

/** A site and a host, or a pattern of hosts. */
type NamedPlace = readonly [site: string, host: string];

/**
 * Where requests for a host are newly led. Purges that named the host before did not reach what lies there; nor did
 * changes of policies, if nobody was led there by then.
 */
function placesReached({ before, after, versions }: SiteChange): NamedPlace[] {
  return versions
    .flatMap(({ hosts, aliases }) => [...hosts, ...aliases])
    .flatMap((name) => {
      // A pattern of hosts leads where those hosts are led that nothing names more closely.
      const url = { scheme: "http", host: name.toLowerCase(), path: "/", query: "", hasQuery: false };
      const [was, is] = [placeOf(before, url), placeOf(after, url)];
      if (is === null) return [];
      const stays = was?.site.name === is.site.name && was.url.host === is.url.host;
      return stays ? [] : [[is.site.name, is.url.host] as const];
    });
}

export const everythingOf = (site: string): Selector => formatSelector(site, { kind: "everything" });
