// Which site and which rules a URL belongs to, from the configuration that the log distributes.

import { keyedPath, type UrlParts } from "./cache-key.ts";
import { DEFAULT_CLASSES, STANDARD_CLASS } from "./classes.ts";
import { firstMatch, indexPatterns, type PatternIndex } from "./pattern-index.ts";
import { keepingNothing, type Policy, type Rules, resolveRules, rulesOfClass } from "./rules.ts";
import type { SiteOrigin } from "./site-origin.ts";
import { hasDotSegment, readAs, readingsOf } from "./spelling.ts";

/** One origin with its hostnames. `*` serves every Host; `*.example.com` every one below it. */
export interface Site {
  readonly name: string;
  readonly hosts: readonly string[];
  /** Names (`host` or `host:port`) of the edges themselves and of the origin: all stand for `canonicalHost`. */
  readonly aliases: readonly string[];
  readonly canonicalHost: string;
  /** Left out: `zone`. */
  readonly origin?: SiteOrigin;
}

export interface CompiledPolicy {
  readonly policy: Policy;
  readonly rules: Rules;
}

export interface Routing {
  readonly sites: readonly Site[];
  /** By host, or pattern of hosts. */
  readonly hosts: ReadonlyMap<string, Site>;
  readonly aliases: ReadonlyMap<string, Site>;
  /** By site, in the order in which they govern. */
  readonly policies: ReadonlyMap<string, readonly CompiledPolicy[]>;
  /** The same, for URLs to be looked up in. */
  readonly governing: ReadonlyMap<string, PatternIndex<Rules>>;
}

const STANDARD_RULES = rulesOfClass(STANDARD_CLASS);

/** Higher priority first; among equals the longer pattern, which is the more specific one, then the id. */
export const inForceOrder = (a: Policy, b: Policy): number =>
  b.priority - a.priority || b.pattern.text.length - a.pattern.text.length || (a.id < b.id ? -1 : 1);

/**
 * The first policy in order that matches governs. Sites are put in the order of their names: edges learn them in different orders, and must agree.
 */
export function compileRouting(sites: readonly Site[], policies: readonly Policy[]): Routing {
  const bySite = new Map<string, CompiledPolicy[]>();
  const ordered = [...policies].sort(inForceOrder);
  for (const policy of ordered) {
    const rules = resolveRules(policy, DEFAULT_CLASSES.get(policy.class) ?? STANDARD_CLASS);
    const list = bySite.get(policy.site);
    if (list === undefined) bySite.set(policy.site, [{ policy, rules }]);
    else list.push({ policy, rules });
  }
  const inOrder = sites.map(withLowerCaseHosts).sort((a, b) => (a.name < b.name ? -1 : 1));
  const aliases = new Map<string, Site>();
  const hosts = new Map<string, Site>();
  for (const site of inOrder) {
    for (const alias of site.aliases) aliases.set(alias, site);
    for (const host of site.hosts) if (!hosts.has(host)) hosts.set(host, site);
  }
  const governing = new Map([...bySite].map(([site, list]) => [site, indexPatterns(list.map(asPattern))]));
  return { sites: inOrder, hosts, aliases, policies: bySite, governing };
}

const asPattern = ({ policy, rules }: CompiledPolicy) => ({ pattern: policy.pattern, value: rules });

/** URLs come with their hosts in lower case. */
export const withLowerCaseHosts = (site: Site): Site => ({
  ...site,
  hosts: site.hosts.map((host) => host.toLowerCase()),
  aliases: site.aliases.map((alias) => alias.toLowerCase()),
  canonicalHost: site.canonicalHost.toLowerCase(),
});

export interface Place {
  readonly site: Site;
  /** The URL with an alias's host replaced by the canonical one: what keys and selectors are made from. */
  readonly url: UrlParts;
}

/** The site that serves a host, or null where none does. */
export function placeOf(routing: Routing, url: UrlParts): Place | null {
  const aliased = routing.aliases.get(url.host);
  if (aliased !== undefined) return { site: aliased, url: { ...url, host: aliased.canonicalHost } };
  for (const pattern of hostPatterns(url.host)) {
    const site = routing.hosts.get(pattern);
    if (site !== undefined) return { site, url };
  }
  return null;
}

/** What a site may call a host, the most specific first: `a.b.c`, `*.b.c`, `*.c`, `*`. */
export function hostPatterns(host: string): string[] {
  const patterns = [host];
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1))
    patterns.push(`*${host.slice(dot)}`);
  return [...patterns, "*"];
}

/** Characters of a URL that a purge can name: what the control plane takes. */
export const LONGEST_URL = 8192;

/**
 * The first policy in order that matches governs; how many there are matters next to nothing (`pattern-index.ts`). What an
 * origin may take for another path, and so for what another policy governs, nobody keeps (docs/adr/0080); nor what is too
 * long to be purged by its URL.
 */
export function rulesFor(routing: Routing, place: Place): Rules {
  const path = readAs(place.url.path);
  const rules = rulesOfPath(routing, place, path);
  if (namedLength(place.url, rules) > LONGEST_URL) return keepingNothing(rules);
  const isPlain = readingsOf(path)?.every(
    (one) => !hasDotSegment(one) && (one === path || rulesOfPath(routing, place, one) === rules),
  );
  return isPlain === true ? rules : keepingNothing(rules);
}

/** As a purge has to name it: without what the key leaves out of the query. */
const namedLength = (url: UrlParts, { key }: Rules): number =>
  `${url.scheme}://${url.host}`.length + keyedPath(url, key).length;

function rulesOfPath(routing: Routing, { site, url: { host } }: Place, path: string): Rules {
  const index = routing.governing.get(site.name);
  return (index === undefined ? undefined : firstMatch(index, { host, path })) ?? STANDARD_RULES;
}
