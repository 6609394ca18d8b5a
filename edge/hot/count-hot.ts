// Counts one request, sampled for several, towards what is hot.

import type { HotKey } from "../../shared/wire/hot.ts";
import { FIELD_NAME, FIELD_VALUE } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import type { Result } from "../counters.ts";
import type { Edge } from "../edge.ts";
import type { EdgeRequest } from "../request.ts";
import type { Route } from "../router.ts";

/** What can't be stored is not hot, however often it is asked for. */
export function countHot(
  edge: Edge,
  request: EdgeRequest,
  { route, result }: { route: Route; result: Result },
): void {
  edge.heat.next();
  if (result === "pass" || result === "error" || !edge.router.isConfigured) return;
  edge.heat.add(edge.memory.variantKey(route.key, request), () => describe(edge, request, route));
}

/** By which a request for the same answer can be made; null where that is somebody's own affair, or too long. */
function describe(edge: Edge, request: EdgeRequest, route: Route): HotKey | null {
  const { rules, site, namedHref: url } = route;
  const names = new Set([...rules.key.headers, ...edge.memory.markOf(route.key).names]);
  if (rules.key.cookies.length > 0 || names.has("cookie") || names.has("authorization")) return null;
  if (url.length > LIMITS.hotUrl) return null;
  const headers: [string, string][] = [];
  for (const name of names) {
    const value = request.header(name);
    if (value === null) continue;
    if (value.length > LIMITS.hotHeaderLength || !FIELD_VALUE.test(value) || !FIELD_NAME.test(name))
      return null;
    headers.push([name, value]);
  }
  return headers.length > LIMITS.hotHeaders
    ? null
    : { site: site.name, class: rules.name, url, headers: headers.sort(([a], [b]) => (a < b ? -1 : 1)) };
}
