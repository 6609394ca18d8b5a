// The configuration as the log distributes it: one text field a site, one a policy.

import { compileRouting, type Routing, type Site } from "../core/routing.ts";
import type { Policy } from "../core/rules.ts";
import { parseJson } from "./log-payload.ts";
import { readPolicy } from "./policy.ts";

export const siteField = (name: string): string => `site/${name}`;
export const policyField = (site: string, id: string): string => `policy/${site}/${id}`;

export const encodeSite = (site: Site): string => JSON.stringify(site);

export function decodeSite(text: string): Site | null {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return null;
  const { name, hosts, aliases, canonicalHost } = value as Record<string, unknown>;
  if (typeof name !== "string" || typeof canonicalHost !== "string") return null;
  return isTexts(hosts) && isTexts(aliases) ? { name, hosts, aliases, canonicalHost } : null;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

export interface ReadConfiguration {
  readonly routing: Routing;
  readonly hasSites: boolean;
  /** Fields that could not be read: reported, never guessed at. */
  readonly unreadable: readonly string[];
}

/** `fallback` serves where no site is configured: an edge that has not learnt any configuration yet. */
export function readConfiguration(fields: ReadonlyMap<string, string>, fallback: Site): ReadConfiguration {
  const sites: Site[] = [];
  const policies: Policy[] = [];
  const unreadable: string[] = [];
  for (const [field, text] of fields) {
    const [kind, site = "", id = ""] = field.split("/");
    if (kind === "site") {
      const read = decodeSite(text);
      if (read === null) unreadable.push(field);
      else sites.push(read);
    } else if (kind === "policy") {
      const outcome = readPolicy(parseJson(text), { id, site });
      if (outcome.kind === "invalid") unreadable.push(field);
      else policies.push(outcome.policy);
    }
  }
  return {
    hasSites: sites.length > 0,
    routing: compileRouting(sites.length === 0 ? [fallback] : sites, policies),
    unreadable,
  };
}
