// The configuration as the log distributes it: one text field a site, one a policy.

import { compileRouting, type Routing, type Site } from "../core/routing.ts";
import type { Policy } from "../core/rules.ts";
import { readSiteOrigin } from "../core/site-origin.ts";
import { isArriving } from "./boot-mark.ts";
import { parseJson } from "./json.ts";
import { readPolicy } from "./policy.ts";

export const siteField = (name: string): string => `site/${name}`;
export const policyField = (site: string, id: string): string => `policy/${site}/${id}`;

/** How many replicas must have an entry before anybody is told of it; absent for none. `append.lua` reads it too. */
export const REPLICAS_FIELD = "log/replicas";

export const replicasAsked = (fields: ReadonlyMap<string, string>): number =>
  Number(fields.get(REPLICAS_FIELD) ?? "0");

export const encodeSite = (site: Site): string => JSON.stringify(site);

export function decodeSite(text: string): Site | null {
  const value = parseJson(text) as Record<string, unknown> | null;
  if (typeof value !== "object" || value === null) return null;
  const { name, hosts, aliases, canonicalHost } = value;
  if (typeof name !== "string" || typeof canonicalHost !== "string") return null;
  if (!isTexts(hosts) || !isTexts(aliases)) return null;
  const site = { name, hosts, aliases, canonicalHost };
  if (value.origin === undefined) return site;
  const origin = readSiteOrigin(value.origin);
  // Led elsewhere than it says, its answers would be another's.
  return origin === null ? null : { ...site, origin };
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

export interface ReadConfiguration {
  readonly routing: Routing;
  /** Whether there are sites, and with them all that the environment says of them. */
  readonly isWhole: boolean;
  /** Fields that could not be read: reported, never guessed at. */
  readonly unreadable: readonly string[];
}

/** One field as far as routing is concerned. */
export type ReadField =
  | { readonly kind: "site"; readonly site: Site }
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "other" }
  | { readonly kind: "unreadable" };

export function readField(field: string, text: string): ReadField {
  const [kind, site = "", id = ""] = field.split("/");
  if (kind === "site") {
    const read = decodeSite(text);
    return read === null ? { kind: "unreadable" } : { kind, site: read };
  }
  if (kind !== "policy") return { kind: "other" };
  const outcome = readPolicy(parseJson(text), { id, site });
  return outcome.kind === "invalid" ? { kind: "unreadable" } : outcome;
}

/** What fields said when they were read last: the same text says the same. */
export type FieldsRead = Map<string, { readonly text: string; readonly read: ReadField }>;

/**
 * `fallback` serves where no site is configured: an edge that has not learnt any configuration yet. To read a row costs
 * far more than all else: whoever reads one configuration after another keeps `known`, and so reads what changed.
 */
export function readConfiguration(
  fields: ReadonlyMap<string, string>,
  fallback: Site,
  known: FieldsRead = new Map(),
): ReadConfiguration {
  for (const field of known.keys()) if (!fields.has(field)) known.delete(field);
  const read = [...fields].map(([field, text]) => ({ field, ...readAnew(known, field, text) }));
  return {
    isWhole: read.some(({ kind }) => kind === "site") && !isArriving(fields),
    routing: routingOf(read, fallback),
    unreadable: read.flatMap(({ field, kind }) => (kind === "unreadable" ? [field] : [])),
  };
}

function readAnew(known: FieldsRead, field: string, text: string): ReadField {
  const before = known.get(field);
  if (before?.text === text) return before.read;
  const read = readField(field, text);
  known.set(field, { text, read });
  return read;
}

export function routingOf(fields: readonly ReadField[], fallback: Site): Routing {
  const sites = fields.flatMap((field) => (field.kind === "site" ? [field.site] : []));
  const policies = fields.flatMap((field) => (field.kind === "policy" ? [field.policy] : []));
  return compileRouting(sites.length === 0 ? [fallback] : sites, policies);
}
