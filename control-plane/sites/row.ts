// A row of the sites as people write it, and the site that edges make of it.

import { z } from "zod";
import type { Reach } from "../../shared/core/address.ts";
import type { Site } from "../../shared/core/routing.ts";
import { originOf } from "../../shared/core/site-origin.ts";
import { faultsIn } from "../../shared/wire/faults.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { originSchema } from "../../shared/wire/origin-limits.ts";
import { identifier } from "../../shared/wire/policy.ts";
import { LIMITS } from "../config.ts";
import { readOriginUrl } from "./origin-url.ts";

const LABELS = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
const SIX = /^\[[0-9a-f:.]+\]$/i;

function isHost(text: string): boolean {
  const port = /:(\d{1,5})$/.exec(text);
  const host = port === null ? text : text.slice(0, port.index);
  return host.length <= 253 && Number(port?.[1] ?? 0) <= 65_535 && (LABELS.test(host) || SIX.test(host));
}

const ADVICE = "an internationalised name by its xn-- form";
const host = z
  .string()
  .refine(isHost, { message: `must be a host, with its port where it has one; ${ADVICE}` });
const hostPattern = z
  .string()
  .refine((text) => text === "*" || isHost(text.startsWith("*.") ? text.slice(2) : text), {
    message: `must be a host, "*.host" for all below it, or "*" for every one; ${ADVICE}`,
  });

export const siteSchema = z.strictObject({
  name: identifier.optional(),
  /** A URL; `zone`; or null, which is none. Where it may lead is judged later. */
  origin: z
    .string()
    .max(LIMITS.url)
    .nullable()
    .superRefine((text, context) => {
      const read = readOriginUrl(text, "all");
      if (read.kind === "invalid") context.addIssue({ code: "custom", message: read.message });
    })
    .optional(),
  hosts: z.array(hostPattern).min(1, "must name a host").max(LIMITS.siteHosts),
  aliases: z.array(host).max(LIMITS.siteHosts).optional(),
  canonical_host: host.optional(),
  limits: originSchema.optional(),
});

export type SiteRow = z.infer<typeof siteSchema>;

/** In full, and in one form: hosts in lower case, the origin as URLs are serialised. */
export interface FullSiteRow {
  name: string;
  origin: string | null;
  hosts: string[];
  aliases: string[];
  canonical_host: string;
  limits?: NonNullable<SiteRow["limits"]>;
}

export type SiteOutcome =
  | { readonly kind: "site"; readonly site: Site; readonly row: FullSiteRow }
  /** `site`: as far as there is more to find wrong with it. */
  | { readonly kind: "invalid"; readonly faults: readonly Fault[]; readonly site: Site | null };

export function readSiteRow(value: unknown, fallback: { name: string; reach: Reach }): SiteOutcome {
  const parsed = siteSchema.safeParse(value);
  if (!parsed.success) return { kind: "invalid", faults: faultsIn(parsed.error), site: null };
  const { name = fallback.name, hosts, aliases = [], canonical_host, origin = null, limits } = parsed.data;
  const read = readOriginUrl(origin, fallback.reach);
  const named = hosts.map((one) => one.toLowerCase());
  const site: Site = {
    name,
    hosts: named,
    aliases: aliases.map((one) => one.toLowerCase()),
    canonicalHost: (
      canonical_host ??
      named.find((one) => !one.includes("*")) ??
      `${name}.localhost`
    ).toLowerCase(),
    origin: read.kind === "origin" ? read.origin : "none",
  };
  return read.kind === "origin"
    ? { kind: "site", site, row: rowOfSite(site, limits) }
    : { kind: "invalid", faults: [{ pointer: "/origin", message: read.message }], site };
}

export function rowOfSite(site: Site, limits: SiteRow["limits"]): FullSiteRow {
  const origin = originOf(site);
  return {
    name: site.name,
    origin: origin === "none" ? null : origin,
    hosts: [...site.hosts],
    aliases: [...site.aliases],
    canonical_host: site.canonicalHost,
    ...(limits !== undefined && { limits }),
  };
}
