// How late an invalidation may become visible: the greatest bound of the rules that can govern what it names.

import { STANDARD_CLASS } from "./classes.ts";
import { type Region, reachesInto } from "./pattern.ts";
import { type CompiledPolicy, type Routing, rulesFor, type Site } from "./routing.ts";
import { boundOf, type Rules, rulesOfClass } from "./rules.ts";
import { parseSelector, type SelectorSpec } from "./selector.ts";
import { readAs } from "./spelling.ts";
import type { Millis, Selector } from "./units.ts";

const STANDARD_RULES = rulesOfClass(STANDARD_CLASS);
/** More matching than this is not done for one invalidation and one configuration: the greatest bound of all is taken instead. */
const MOST_MATCHES = 100_000;

/** Over all rules of all sites: no edge with this configuration serves anything longer. */
export function greatestBound(routing: Routing): Millis {
  const rules = [...routing.policies.values()].flatMap((list) => list.map((compiled) => compiled.rules));
  return greatest([STANDARD_RULES, ...rules]);
}

/**
 * By the rules that can govern what the selectors hit, on an edge with this configuration. `named` are the sites by
 * which the selectors were made: where an edge knows others, it may have filed the same answers under other names.
 */
export function boundConcerned(
  routing: Routing,
  selectors: readonly Selector[],
  named: readonly Site[],
): Millis {
  const most = greatestBound(routing);
  if (!sameSites(routing.sites, named)) return most;
  if (selectors.length * policiesIn(routing) > MOST_MATCHES) return most;
  let bound = 0;
  for (const selector of selectors) {
    if (bound >= most) break;
    const parsed = parseSelector(selector);
    if (parsed === null) return most;
    bound = Math.max(bound, greatest(rulesConcerned(routing, parsed)));
  }
  return bound as Millis;
}

const greatest = (rules: readonly Rules[]): Millis => Math.max(0, ...rules.map(boundOf)) as Millis;

const sameSites = (a: readonly Site[], b: readonly Site[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const policiesIn = (routing: Routing): number =>
  Math.max(0, ...[...routing.policies.values()].map((list) => list.length));

function rulesConcerned(
  routing: Routing,
  { site, spec }: { site: string; spec: SelectorSpec },
): readonly Rules[] {
  const policies = routing.policies.get(site) ?? [];
  const all = [STANDARD_RULES, ...policies.map(({ rules }) => rules)];
  switch (spec.kind) {
    case "url":
      return [rulesOfUrl(routing, site, spec)];
    case "class":
      // What another class governs by now was invalidated when it came under that (docs/adr/0017).
      return all.filter(({ name }) => name === spec.class);
    case "prefix":
      return reachable(policies, { host: spec.host, anyPort: false, below: readAs(spec.path) });
    case "group":
      return reachable(policies, { host: spec.host, anyPort: false, below: null });
    case "host":
      return reachable(policies, { host: spec.host, anyPort: !/:\d+$/.test(spec.host), below: null });
    case "tag":
    case "everything":
      return all;
  }
}

function rulesOfUrl(
  routing: Routing,
  name: string,
  { host, pathAndQuery }: SelectorSpec & { readonly kind: "url" },
): Rules {
  const [path = ""] = pathAndQuery.split("?", 1);
  const url = { scheme: "http", host, path, query: "", hasQuery: false };
  const site = { name, hosts: [], aliases: [], canonicalHost: host };
  return rulesFor(routing, { site, url });
}

const reachable = (policies: readonly CompiledPolicy[], region: Region): readonly Rules[] => [
  STANDARD_RULES,
  ...policies.filter(({ policy }) => reachesInto(policy.pattern, region)).map(({ rules }) => rules),
];
