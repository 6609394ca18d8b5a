// Says of one request which policy governs it and why, how its key is made, what it is granted, and who holds what.

import { keyedPath, type UrlParts } from "../../shared/core/cache-key.ts";
import { DEFAULT_CLASSES, STANDARD_CLASS } from "../../shared/core/classes.ts";
import { matchesPattern } from "../../shared/core/pattern.ts";
import { type Place, placeOf, type Routing, rulesFor } from "../../shared/core/routing.ts";
import { boundOf, type Policy, type Rules } from "../../shared/core/rules.ts";
import { selectorsOf } from "../../shared/core/selector.ts";
import { namesOf, readAs } from "../../shared/core/spelling.ts";
import { VALUE_SCHEME } from "../../shared/core/value-key.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import {
  decodeExplainReply,
  EXPLAIN_PATH,
  type ExplainReply,
  encodeExplainCall,
} from "../../shared/wire/explain.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { WarmTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { textFault } from "../invalidate/reference.ts";
import { whereToAsk } from "./explain-value.ts";
import { type PurgeAt, purgesAt } from "./purges-at.ts";

/** A setting in force, and who says so. */
export interface Setting {
  readonly name: string;
  readonly value: string | number | null;
  readonly from: "policy" | "class";
  readonly why: string | null;
}

export interface Considered {
  readonly id: string;
  readonly key_pattern: string;
  readonly priority: number;
  readonly matches: boolean;
}

export interface Explanation {
  readonly kind: "explained";
  readonly url: string;
  readonly site: string;
  /** In whose name all aliases are known. */
  readonly host: string;
  readonly policy: string | null;
  readonly class: string;
  /** In the order in which they are asked, up to the one that governs. */
  readonly considered: readonly Considered[];
  readonly key: {
    readonly url: string;
    readonly headers: readonly (readonly [name: string, value: string | null])[];
    readonly cookies: readonly string[];
  };
  readonly settings: readonly Setting[];
  /** By which it can be purged, beside the tags that its answer brings. */
  readonly selectors: readonly string[];
  readonly boundMs: number;
  readonly edges: readonly EdgeView[];
  /** Whose the invalidations are that edges have named. */
  readonly purges: readonly PurgeAt[];
}

export type EdgeView = ExplainReply | { readonly edge: string; readonly unavailable: string };

export type ExplainOutcome =
  | Explanation
  | { readonly kind: "refused"; readonly faults: readonly Fault[] }
  | Unavailable;

/** A site that whoever asks does not see serves nothing. */
export async function explainRequest(
  plane: ControlPlane,
  target: WarmTarget,
  isSeen: (site: string) => boolean = () => true,
): Promise<ExplainOutcome> {
  const known = await readRouting(plane);
  if (known.kind === "unavailable") return known;
  const { routing } = known;
  const fault = textFault(target.url, LIMITS.url);
  if (fault === null && target.url.startsWith(VALUE_SCHEME))
    return refused(whereToAsk(target.url, routing, isSeen));
  const parsed = fault === null && /^https?:\/\//i.test(target.url) ? plane.parseUrl(target.url) : null;
  if (parsed === null) return refused(fault ?? "must be an absolute http(s) URL");
  const place = placeOf(routing, parsed.parts);
  if (place === null || !isSeen(place.site.name))
    return refused(`names the host ${parsed.parts.host}, which no site serves`);
  const directory = await plane.edges.read();
  if (directory.kind === "unavailable") return directory;
  const body = encodeExplainCall({ url: parsed.href, headers: target.headers });
  const edges = await Promise.all(directory.directory.edges.map((edge) => askEdge(plane, edge, body)));
  const purges = await purgesAt(plane, edges.flatMap(positionsIn));
  return { ...explained(routing, place, target), url: parsed.href, edges, purges };
}

function positionsIn(view: EdgeView): string[] {
  if ("unavailable" in view) return [];
  const { memory, dataCentre, l2 } = view.tiers ?? {};
  const held = [memory, dataCentre, l2].map((holding) =>
    holding?.kind === "answer" ? holding.newest : null,
  );
  return [view.newest, ...held].flatMap((hit) => (hit === null || hit === undefined ? [] : [hit.position]));
}

const refused = (message: string) => ({ kind: "refused", faults: [{ pointer: "/url", message }] }) as const;

async function askEdge(
  { callEdge }: Pick<ControlPlane, "callEdge">,
  edge: Parameters<ControlPlane["callEdge"]>[0] & { readonly id: string },
  body: string,
): Promise<EdgeView> {
  const answer = await callEdge(edge, { path: EXPLAIN_PATH, body }, LIMITS.explainDeadline);
  if (answer.kind === "unreachable") return { edge: edge.id, unavailable: answer.reason };
  return decodeExplainReply(answer.text) ?? { edge: edge.id, unavailable: "malformed reply" };
}

function explained(
  routing: Routing,
  place: Place,
  { headers }: WarmTarget,
): Omit<Explanation, "url" | "edges" | "purges"> {
  const { site, url } = place;
  const rules = rulesFor(routing, place);
  const policies = (routing.policies.get(site.name) ?? []).map(({ policy }) => policy);
  const policy = policies.find(({ id }) => id === rules.policyId) ?? null;
  const [pathAndQuery, ...alsoAs] = namesOf(keyedPath(url, rules.key));
  return {
    kind: "explained",
    site: site.name,
    host: url.host,
    policy: rules.policyId,
    class: rules.name,
    considered: consideredFor(policies, policy, url),
    key: keyOf(url, rules, headers),
    settings: settingsOf(rules, policy),
    selectors: selectorsOf({
      ...{ site: site.name, host: url.host, class: rules.name, tags: rules.tags },
      ...{ pathAndQuery, alsoAs },
    }),
    boundMs: boundOf(rules),
  };
}

function consideredFor(
  policies: readonly Policy[],
  governs: Policy | null,
  { host, path }: UrlParts,
): Considered[] {
  const read = readAs(path);
  const asked = governs === null ? policies : policies.slice(0, policies.indexOf(governs) + 1);
  return asked.map(({ id, pattern, priority }) => ({
    ...{ id, key_pattern: pattern.text, priority },
    matches: matchesPattern(pattern, host, read),
  }));
}

const keyOf = (url: UrlParts, { key }: Rules, headers: WarmTarget["headers"]): Explanation["key"] => ({
  url: `${url.scheme}://${url.host}${keyedPath(url, key)}`,
  headers: key.headers.map((name) => [name, headers.find(([sent]) => sent === name)?.[1] ?? null]),
  cookies: key.cookies,
});

function settingsOf(rules: Rules, policy: Policy | null): Setting[] {
  const settings = DEFAULT_CLASSES.get(rules.name) ?? STANDARD_CLASS;
  const from = (said: unknown): Setting["from"] => (said === null || said === undefined ? "class" : "policy");
  const setting = (
    name: string,
    value: Setting["value"],
    said: unknown,
    why: string | null = null,
  ): Setting => ({
    ...{ name, value, why },
    from: from(said),
  });
  const { fence } = rules;
  return [
    ...(rules.kept === "for all" ? [] : [setting("kept", rules.kept, null, KEPT_WHY)]),
    setting("ttl", rules.ttl, policy?.ttl, ttlWhy(rules)),
    setting("ttl_mode", rules.ttlMode, policy?.ttlMode === "override" ? "override" : null),
    setting(
      "stale_while_revalidate",
      rules.staleWhileRevalidate,
      policy?.staleWhileRevalidate,
      staleWhy(rules),
    ),
    setting("stale_if_error", rules.staleIfError, policy?.staleIfError),
    setting("window_ms", rules.window, policy?.window),
    setting("fence", fence.kind, policy?.fence, fence.kind === "serve-stale" ? `for ${fence.cap} ms` : null),
    setting("eviction_policy", rules.eviction, policy?.eviction),
    setting("refresh_strategy", rules.refresh, policy?.refresh),
    setting("write_policy", rules.write, policy?.write),
    setting(
      "jitter",
      settings.jitter,
      null,
      settings.jitter === 0 ? null : "the largest part of a life that is taken away",
    ),
    setting("replicas", rules.replicas, null),
  ];
}

const KEPT_WHY =
  "origins may read the path in several ways: each request is passed on for its sender alone, around the journal too";

function ttlWhy({ ttl, ttlMode }: Rules): string {
  if (ttl === null)
    return "what the origin's headers say; without any, a tenth of the time since Last-Modified";
  return ttlMode === "override"
    ? "whatever the origin's headers say; a minute at most for what is missing"
    : "where the origin's headers say nothing; a minute at most for what is missing";
}

const staleWhy = ({ refresh }: Rules): string | null =>
  refresh === "none" ? "0 in effect: nothing is refreshed behind a client's back" : null;
