// Counts one request, sampled for several, towards what is hot.

import { varyNames } from "../../shared/core/vary.ts";
import type { HotKey } from "../../shared/wire/hot.ts";
import { FIELD_NAME, FIELD_VALUE } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import type { Result } from "../counters.ts";
import type { Edge } from "../edge.ts";
import type { EdgeRequest, Reply } from "../request.ts";
import type { Route } from "../router.ts";

/** What can't be stored is not hot, however often it is asked for. */
export function countHot(
  edge: Edge,
  request: EdgeRequest,
  { reply, route, result }: { reply: Reply; route: Route; result: Result },
): void {
  edge.heat.next();
  if (result === "pass" || result === "error" || result === "refused" || !edge.router.isConfigured) return;
  edge.heat.add(edge.memory.variantKey(route.key, request), () => describe(edge, request, { route, reply }));
}

/** By which a request for the same answer can be made; null where that is somebody's own affair, or too long. */
function describe(
  edge: Edge,
  request: EdgeRequest,
  { route, reply }: { route: Route; reply: Reply },
): HotKey | null {
  const { rules, site, namedHref: url } = route;
  // The first answer of all says by what it varies before that is noted: it still streams.
  const known = [...edge.memory.markOf(route.key).names, ...varyNames(reply.headers)];
  const names = new Set([...rules.key.headers, ...known]);
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
