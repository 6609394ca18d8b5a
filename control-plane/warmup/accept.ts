// Checks what a warm-up is to fetch: only the site's own URLs, only edges that there are, only variants that may be chosen.

import type { HeaderList } from "../../shared/core/headers.ts";
import { placeOf, type Routing, type Site } from "../../shared/core/routing.ts";
import type { RankedKey } from "../../shared/mid-tier/hot-keys.ts";
import type { ParseUrl } from "../../shared/ports/url.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { encodeTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import { siteNamed } from "../invalidate/accept.ts";
import type { ReferenceContext } from "../invalidate/reference.ts";
import { acceptManifest } from "./accept-manifest.ts";
import { type Document, sitemapAt } from "./document.ts";
import { OwnUrls } from "./own-url.ts";
import type { WarmupBody } from "./request.ts";
import { readVariants } from "./variants.ts";

export interface WarmupOrder {
  readonly site: string;
  /** Targets as texts; with variants, URLs alone. */
  readonly urls: readonly string[];
  readonly variants: readonly HeaderList[];
  /** To be read before all URLs are known. */
  readonly documents: readonly Document[];
  /** Null warms all. */
  readonly edges: readonly string[] | null;
  readonly ratePerSecond: number;
  readonly concurrency: number;
}

export type WarmupAcceptance =
  | { readonly kind: "accepted"; readonly order: WarmupOrder }
  | { readonly kind: "refused"; readonly faults: readonly Fault[] };

export interface WarmupContext {
  readonly routing: Routing;
  readonly parse: ParseUrl;
  readonly listed: readonly ListedEdge[];
  /** The hottest first. */
  readonly hottest: readonly RankedKey[];
  /** What a site's origin may be asked for in a second; null where nothing is said. */
  readonly budgetOf: (site: string) => number | null;
}

export function acceptWarmup(body: WarmupBody, context: WarmupContext): WarmupAcceptance {
  const name = body.site ?? "default";
  const site = siteNamed(context.routing, name);
  if (site === null)
    return refused([{ pointer: "/site", message: `there is no site ${JSON.stringify(name)}` }]);
  const reference = referenceTo(site, context);
  const { variants, faults: bad } = readVariants(body.variants, {
    routing: context.routing,
    site: site.name,
  });
  const listed = new OwnUrls(reference);
  for (const [index, text] of (body.urls ?? []).entries()) listed.add(text, `/urls/${index}`);
  const documents = documentsOf(body, listed, context.parse);
  const faults = [...edgeFaults(body.edges, context.listed), ...listed.faults, ...bad];
  if (faults.length > 0) return refused(faults);
  const hot = hotTargets(body.hot, site.name, context);
  for (const { url, headers } of hot)
    listed.urls.add(variants.length > 0 ? url : encodeTarget({ url, headers }));
  const targets = listed.urls.size * Math.max(1, variants.length);
  if (targets > LIMITS.warmupTargets) return refused([tooMany(targets)]);
  const rate = Math.min(context.budgetOf(site.name) ?? LIMITS.warmupRate, LIMITS.warmupRateMost);
  const order: WarmupOrder = {
    ...{ site: site.name, urls: [...listed.urls], variants, documents },
    edges: body.edges === undefined || body.edges === "all" ? null : [...new Set(body.edges)],
    ratePerSecond: body.ratePerSecond ?? rate,
    concurrency: body.concurrency ?? LIMITS.warmupConcurrency,
  };
  return { kind: "accepted", order };
}

const refused = (faults: readonly Fault[]): WarmupAcceptance => ({ kind: "refused", faults });

const tooMany = (targets: number): Fault => ({
  pointer: "/variants",
  message: `would make ${targets} requests of the URLs: there may be ${LIMITS.warmupTargets}`,
});

/** Clients reach the site as they reach its edges: another scheme would be another cache key. */
export const referenceTo = (
  site: Site,
  { routing, parse, listed }: Pick<WarmupContext, "routing" | "parse" | "listed">,
): ReferenceContext => ({
  ...{ routing, parse, site },
  scheme: listed[0]?.url.startsWith("https:") ? "https" : "http",
});

/** What a manifest says that came along is listed at once. */
function documentsOf(body: WarmupBody, listed: OwnUrls, parse: ParseUrl): Document[] {
  const documents: Document[] = [];
  if (body.sitemap !== undefined) {
    const href = listed.check(body.sitemap, "/sitemap");
    if (href !== null) documents.push(sitemapAt(href, 1));
  }
  const manifest = body.manifest === undefined ? null : acceptManifest(body.manifest, listed, parse);
  if (manifest !== null) documents.push(manifest);
  return documents;
}

/** What clients have asked the site for, as far as it serves that still. */
function hotTargets(hot: WarmupBody["hot"], site: string, context: WarmupContext): RankedKey["key"][] {
  if (hot === undefined) return [];
  const targets: RankedKey["key"][] = [];
  for (const { key } of context.hottest) {
    if (targets.length >= hot.top) break;
    if (key.site !== site || (hot.class !== undefined && key.class !== hot.class)) continue;
    const parsed = context.parse(key.url);
    const place = parsed === null ? null : placeOf(context.routing, parsed.parts);
    if (place?.site.name === site) targets.push(key);
  }
  return targets;
}

function edgeFaults(edges: WarmupBody["edges"], listed: readonly ListedEdge[]): Fault[] {
  if (listed.length === 0) return [{ pointer: "/edges", message: "there is no edge that can be addressed" }];
  if (edges === undefined || edges === "all") return [];
  return edges.flatMap((id, index) =>
    listed.some((edge) => edge.id === id)
      ? []
      : [{ pointer: `/edges/${index}`, message: `there is no edge ${JSON.stringify(id)}` }],
  );
}
