// Tells what a request and an origin's answer show of their path: how often, how large, how personal, how soon another.

import { deltaOf, governingDirectives } from "../../shared/core/cache-control.ts";
import { type HeaderList, hasHeader, headerValue } from "../../shared/core/headers.ts";
import type { Instant } from "../../shared/core/units.ts";
import type { OriginRequest } from "../../shared/ports/origin.ts";
import { LIMITS } from "../config.ts";
import type { Result } from "../counters.ts";
import type { Edge } from "../edge.ts";
import type { EdgeRequest } from "../request.ts";
import type { Route } from "../router.ts";

type Observing = Pick<Edge, "observed" | "router">;

/** What is noted of a path is a part of its URL's text, and keeps all of that in memory: long ones are not told apart. */
function pathOf({ source: { pathAndQuery } }: Route): string {
  if (pathAndQuery.length > LIMITS.rememberedUrl) return "/*";
  return pathAndQuery.split("?", 1)[0] ?? "/";
}

/** Of one client's request in so many, which stands for all of them. */
export function observeRequest(
  edge: Observing,
  request: EdgeRequest,
  { route, result, size }: { route: Route; result: Result; size: number },
): void {
  if (!edge.router.isConfigured || (request.method !== "GET" && request.method !== "HEAD")) return;
  edge.observed.requested(route.site.name, pathOf(route), {
    weight: LIMITS.hotEvery,
    hit: result === "hit" || result === "stale",
    cookie: request.header("cookie") !== null,
    authorized: request.header("authorization") !== null,
    size,
  });
}

/** Of every answer that the origin gives: what that costs is little beside asking it. */
export function observeAnswer(
  edge: Observing,
  { route, request }: { route: Route; request: Pick<OriginRequest, "method" | "url" | "headers"> },
  { answer, at }: { answer: { readonly status: number; readonly headers: HeaderList }; at: Instant },
): void {
  if (!edge.router.isConfigured) return;
  const { status, headers } = answer;
  const [site, path] = [route.site.name, pathOf(route)];
  if (request.method !== "GET") {
    if (request.method !== "HEAD") edge.observed.wrote(site, path);
    return;
  }
  const chosenBy = ["accept-encoding", "accept-language"].map((name) => headerValue(request.headers, name));
  const of = [request.url, ...chosenBy].join("\n");
  const validator = headerValue(headers, "etag") ?? headerValue(headers, "last-modified");
  // Compared with what was held, which the origin says it still has.
  if (status === 304) {
    edge.observed.version(site, path, { of, validator: null, at });
    return;
  }
  const { directives } = governingDirectives(headers);
  edge.observed.answered(site, path, {
    setCookie: hasHeader(headers, "set-cookie"),
    private: directives.has("private"),
    noStore: directives.has("no-store"),
    immutable: directives.has("immutable"),
    life: deltaOf(directives, "s-maxage") ?? deltaOf(directives, "max-age"),
    error: status >= 400,
  });
  if (status === 200 && validator !== null) edge.observed.version(site, path, { of, validator, at });
}
