// Checks what a warm-up is to fetch: only the site's own URLs, only edges that there are.

import { placeOf, type Routing } from "../../shared/core/routing.ts";
import type { RankedKey } from "../../shared/mid-tier/hot-keys.ts";
import type { ParseUrl } from "../../shared/ports/url.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { encodeTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import { siteNamed } from "../invalidate/accept.ts";
import { type ReferenceContext, readUrl } from "../invalidate/reference.ts";
import type { WarmupBody } from "./request.ts";

export interface WarmupOrder {
  readonly site: string;
  readonly urls: readonly string[];
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
}

export function acceptWarmup(body: WarmupBody, context: WarmupContext): WarmupAcceptance {
  const name = body.site ?? "default";
  const site = siteNamed(context.routing, name);
  if (site === null)
    return {
      kind: "refused",
      faults: [{ pointer: "/site", message: `there is no site ${JSON.stringify(name)}` }],
    };
  // Clients reach the site as they reach its edges: another scheme would be another cache key.
  const scheme = context.listed[0]?.url.startsWith("https:") ? "https" : "http";
  const faults: Fault[] = edgeFaults(body.edges, context.listed);
  const urls = new Set<string>();
  for (const [index, text] of (body.urls ?? []).entries()) {
    const read = readOwnUrl(text, { ...context, site, scheme });
    if (read.kind === "fault") faults.push({ pointer: `/urls/${index}`, message: read.message });
    else urls.add(read.href);
  }
  if (faults.length > 0) return { kind: "refused", faults };
  for (const target of hotTargets(body.hot, site.name, context)) urls.add(target);
  const order: WarmupOrder = {
    site: site.name,
    urls: [...urls],
    edges: body.edges === undefined || body.edges === "all" ? null : [...new Set(body.edges)],
    ratePerSecond: body.ratePerSecond ?? LIMITS.warmupRate,
    concurrency: body.concurrency ?? LIMITS.warmupConcurrency,
  };
  return { kind: "accepted", order };
}

/** What clients have asked the site for, as far as it serves that still. */
function hotTargets(hot: WarmupBody["hot"], site: string, context: WarmupContext): string[] {
  if (hot === undefined) return [];
  const targets: string[] = [];
  for (const { key } of context.hottest) {
    if (targets.length >= hot.top) break;
    if (key.site !== site || (hot.class !== undefined && key.class !== hot.class)) continue;
    const parsed = context.parse(key.url);
    const place = parsed === null ? null : placeOf(context.routing, parsed.parts);
    if (place?.site.name === site) targets.push(encodeTarget(key));
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

/** A site that serves any host owns none but those it names: an edge must not be sent to fetch from anywhere. */
function readOwnUrl(
  text: string,
  context: ReferenceContext,
): { readonly kind: "own"; readonly href: string } | { readonly kind: "fault"; readonly message: string } {
  const reference = readUrl(text, context);
  if (reference.kind === "invalid") return { kind: "fault", message: reference.message };
  const { host } = reference.place.url;
  const { hosts, canonicalHost, name } = context.site;
  const named = hosts.some((pattern) => pattern !== "*" && matchesHost(pattern, host));
  return named || host === canonicalHost
    ? { kind: "own", href: reference.href }
    : { kind: "fault", message: `names the host ${host}, which is not one of the site ${name}'s own` };
}

const matchesHost = (pattern: string, host: string): boolean =>
  pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host;
