// Why a pattern of paths would never show a request: it names a host, and nobody serves that.

import { parsePattern } from "../../shared/core/pattern.ts";
import { placeOf, type Routing } from "../../shared/core/routing.ts";
import { VALUE_SCHEME } from "../../shared/core/value-key.ts";

/** `sites`: those that are watched; null for all. */
export function pathFault(
  text: string,
  { routing, sites }: { readonly routing: Routing; readonly sites: readonly string[] | null },
): string | null {
  if (text.startsWith(VALUE_SCHEME)) return "must be of URLs: programs' values are asked for by no request";
  const parsed = parsePattern(text);
  const [token, ...more] = (parsed.kind === "pattern" ? parsed.pattern.host : null) ?? [];
  if (token?.kind !== "text" || more.length > 0) return null;
  const host = token.text;
  const site = placeOf(routing, { scheme: "http", host, path: "/", query: "", hasQuery: false })?.site;
  if (site === undefined || sites?.includes(site.name) === false)
    return `must begin with '/', or name a host that is served: ${host} is none`;
  // A path that lacks its slash looks like a host of one word, and a site may serve every Host.
  const isNamed = routing.hosts.has(host) || routing.aliases.has(host) || site.canonicalHost === host;
  return isNamed || /[.:]/.test(host) || host === "localhost"
    ? null
    : `must begin with '/', or name a host: ${host} looks like a path without its '/'`;
}
