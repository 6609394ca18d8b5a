// Classification of requests: site, rules, cache key and selectors of a URL, remembered for the next time.

import { cacheKey, keyedPath, searchedPath } from "../shared/core/cache-key.ts";
import { selectorsNow } from "../shared/core/estimate.ts";
import type { SearchVariance } from "../shared/core/no-vary-search.ts";
import { placeOf, type Routing, rulesFor, type Site } from "../shared/core/routing.ts";
import type { Rules } from "../shared/core/rules.ts";
import { formatSelector, type SelectorSource, searchNameOf, selectorsOf } from "../shared/core/selector.ts";
import { namesOf } from "../shared/core/spelling.ts";
import type { CacheKey, Selector } from "../shared/core/units.ts";
import type { ParseUrl } from "../shared/ports/url.ts";
import { type FieldsRead, readConfiguration } from "../shared/wire/configuration.ts";
import { LIMITS } from "./config.ts";
import { type Counters, type RouteCounters, routeCounters } from "./counters.ts";

/** A resource as one request names it. */
export interface Route {
  readonly site: Site;
  readonly rules: Rules;
  readonly key: CacheKey;
  /** Where its requests are counted. */
  readonly counters: RouteCounters;
  /** Which configuration it was made from: see `stands`. */
  readonly configuration: number;
  /** What is sent to the origin for this request's sender alone. */
  readonly href: string;
  /** What is sent to the origin for everybody: exactly what the key was made from, less what the recipe leaves out. */
  readonly sharedHref: string;
  /** The URL that stands for all that share the key: what nobody has to have asked for, and anybody may. */
  readonly namedHref: string;
  readonly source: Omit<SelectorSource, "tags">;
  /** The resource without its query: what a No-Vary-Search speaks of. */
  readonly searchedAt: string;
  /** By which the key was made of less than the query; null where all of it counts. */
  readonly variance: SearchVariance | null;
  /** The same, where that made a difference: what it finds is another URL's answer. */
  readonly reducedBy: SearchVariance | null;
  /** All selectors but those of tags that only an answer knows. */
  readonly selectors: readonly Selector[];
  /** The period in which its key was last noted among the different ones. */
  notedIn: number;
}

export interface RoutedRequest {
  readonly url: string;
  header(name: string): string | null;
}

export class Router {
  private routing: Routing;
  private readonly remembered = new Map<string, Route>();
  /** What answers have said of their queries, by the resource without its query. */
  private readonly searches = new Map<string, SearchVariance>();
  /** Characters of the resources' names. */
  private searchesSize = 0;
  private configured = false;
  private readonly fallback: Site;
  private readonly parse: ParseUrl;
  private readonly counters: Pick<Counters, "sites">;
  private configuration = 0;
  private readonly fieldsRead: FieldsRead = new Map();
  /** Configuration fields that this release can't read. */
  unreadable: readonly string[] = [];

  /** Where routes are only looked up, nothing is counted anywhere. */
  constructor(fallback: Site, parse: ParseUrl, counters: Pick<Counters, "sites"> = { sites: new Map() }) {
    this.counters = counters;
    this.fallback = fallback;
    this.parse = parse;
    this.routing = readConfiguration(new Map(), fallback).routing;
  }

  /** False until the log has told of sites and all that belongs to them: an edge then serves by its fallback, which no invalidation names. */
  get isConfigured(): boolean {
    return this.configured;
  }

  configure(fields: ReadonlyMap<string, string>): void {
    const read = readConfiguration(fields, this.fallback, this.fieldsRead);
    this.routing = read.routing;
    this.configured = read.isWhole;
    this.unreadable = read.unreadable;
    this.remembered.clear();
    this.configuration += 1;
  }

  /** The route by another configuration than the one in force; null where it knows no site for the host. */
  routeBy(fields: ReadonlyMap<string, string>, request: RoutedRequest): Route | null {
    const { routing, isWhole } = readConfiguration(fields, this.fallback);
    return isWhole ? this.classify(request, { by: "whole query", routing }) : null;
  }

  /**
   * False once a configuration has come that says otherwise of this request: the route then names its resource by a
   * site, a class or a key that no invalidation may know any more, so nothing is read or stored by it.
   */
  stands(route: Route, request: RoutedRequest): boolean {
    if (route.configuration === this.configuration) return true;
    const anew = this.route(request);
    return (
      anew !== null &&
      anew.key === route.key &&
      sameText(anew.site, route.site) &&
      sameText(anew.rules, route.rules)
    );
  }

  /** Null where no site serves the host. */
  route(request: RoutedRequest): Route | null {
    const known = this.remembered.get(request.url);
    if (known !== undefined) return known;
    const route = this.classify(request, { by: "what was learnt" });
    const { headers, cookies } = route?.rules.key ?? { headers: [], cookies: [] };
    // A key made of the URL alone is the same for everybody who asks for that URL.
    if (route !== null && headers.length === 0 && cookies.length === 0) this.remember(request.url, route);
    return route;
  }

  /** The route of a URL reference found in an answer, or null where it is no URL of a site of ours. */
  resolve(reference: string, base: string): Route | null {
    const parsed = this.parse(reference, base);
    return parsed === null
      ? null
      : this.classify({ url: parsed.href, header: () => null }, { by: "what was learnt" });
  }

  /**
   * Takes to heart what an answer says of its query, or that it says nothing of it any more; the route under which its
   * resource is known from now on.
   */
  learnSearch(route: Route, request: RoutedRequest, variance: SearchVariance | null): Route {
    const { searchedAt } = route;
    if (!sameText(this.searches.get(searchedAt) ?? null, variance)) this.relearn(searchedAt, variance);
    return sameText(route.variance, variance) ? route : (this.route(request) ?? route);
  }

  private relearn(searchedAt: string, variance: SearchVariance | null): void {
    this.forgetSearch(searchedAt);
    if (variance !== null) {
      this.searches.set(searchedAt, variance);
      this.searchesSize += searchedAt.length;
    }
    for (const [oldest] of this.searches) {
      if (this.searches.size <= LIMITS.routesRemembered && this.searchesSize <= LIMITS.searchesSize) break;
      this.forgetSearch(oldest);
    }
    for (const [url, known] of this.remembered)
      if (known.searchedAt === searchedAt) this.remembered.delete(url);
  }

  private forgetSearch(searchedAt: string): void {
    if (this.searches.delete(searchedAt)) this.searchesSize -= searchedAt.length;
  }

  /** The route by which the whole query counts, whatever answers have said of it. */
  plainRoute(request: RoutedRequest): Route | null {
    return this.classify(request, { by: "whole query" });
  }

  /** As `selectorsNow`, by the configuration in force. */
  selectorsNow(stored: readonly Selector[]): readonly Selector[] {
    return selectorsNow(stored, this.routing);
  }

  private remember(url: string, route: Route): void {
    if (url.length > LIMITS.rememberedUrl) return;
    if (this.remembered.size >= LIMITS.routesRemembered) this.remembered.clear();
    this.remembered.set(url, route);
  }

  private classify(
    request: RoutedRequest,
    { by, routing = this.routing }: { by: "what was learnt" | "whole query"; routing?: Routing },
  ): Route | null {
    const parsed = this.parse(request.url);
    const place = parsed === null ? null : placeOf(routing, parsed.parts);
    if (parsed === null || place === null) return null;
    const { site, url } = place;
    const rules = rulesFor(routing, place);
    const searchedAt = `${site.name} ${url.scheme}://${url.host}${url.path}`;
    const variance = by === "whole query" ? null : (this.searches.get(searchedAt) ?? null);
    const keyed = keyedPath(url, rules.key);
    const [pathAndQuery, ...alsoAs] = namesOf(keyed);
    const source = { site: site.name, host: url.host, pathAndQuery, alsoAs, class: rules.name };
    const named = searchedPath(url, rules.key, variance);
    return {
      site,
      rules,
      searchedAt,
      variance,
      reducedBy: named === keyed ? null : variance,
      configuration: this.configuration,
      counters: routeCounters(this.counters, { site: site.name, class: rules.name }),
      key: cacheKey({ site: site.name, url, recipe: rules.key, request, variance }),
      href: parsed.href,
      sharedHref: `${parsed.parts.scheme}://${parsed.parts.host}${keyedPath(parsed.parts, rules.key)}`,
      namedHref: `${url.scheme}://${url.host}${named}`,
      source,
      selectors: selectorsIn(source, {
        rules,
        more: [
          // Its query makes less difference than it shows: its plain form hits it too.
          ...(named === keyed ? [] : namesOf(named)),
          ...(variance === null ? [] : namesOf(url.path).map(searchNameOf)),
        ],
      }),
      notedIn: 0,
    };
  }
}

function selectorsIn(
  source: Route["source"],
  { more, rules }: { readonly more: readonly string[]; readonly rules: Rules },
): readonly Selector[] {
  const selectors = selectorsOf({ ...source, tags: rules.tags });
  if (more.length === 0) return selectors;
  const { site, host } = source;
  return [
    ...selectors,
    ...more.map((pathAndQuery) => formatSelector(site, { kind: "url", host, pathAndQuery })),
  ];
}

/** Plain data, made by the same code: equal texts are equal values. */
export const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
