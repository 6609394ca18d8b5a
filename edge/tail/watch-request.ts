// Shows a counted request to whoever watches: what was asked, what it got, from where, and why. No value of a query, no header.

import { LIMITS } from "../config.ts";
import type { AnsweredBy, Result } from "../counters.ts";
import type { Edge } from "../edge.ts";
import type { EdgeRequest, Reply } from "../request.ts";
import type { Route } from "../router.ts";
import { whyOf } from "./why.ts";

interface Given {
  readonly reply: Reply;
  readonly route: Route;
  readonly result: Result;
  readonly by: AnsweredBy;
  readonly size: number;
}

/** Called only while somebody watches. */
export function watchRequest(edge: Edge, request: EdgeRequest, given: Given): void {
  const { reply, route, result, by, size } = given;
  const { host, pathAndQuery } = partsOf(request.url);
  const [path = "/", query] = pathAndQuery.split("?", 2);
  const subject = {
    ...{ result, class: route.rules.name, site: route.site.name, status: reply.status },
    ...{ host, path },
  };
  const now = edge.clock.now();
  const line = () => {
    const cacheStatus = ownStatus(reply.cacheStatus);
    const found = edge.tail.foundFor(request);
    return {
      at: Math.max(0, edge.clock.wall()),
      ...{ site: subject.site, method: request.method.slice(0, 32), host: host.slice(0, 300) },
      path: shownPath(path, query),
      ...{ status: reply.status, class: subject.class, policy: route.rules.policyId, result },
      tier: by,
      cacheStatus: cacheStatus.slice(0, 300),
      ms: now - request.arrivedAt,
      bytes: size,
      why: whyOf({ reply, route, result, found, method: request.method }),
    };
  };
  edge.tail.add(subject, line, { now, draw: () => edge.random.unit() });
}

/** As the runtime wrote it: `https://host/path?query`. */
function partsOf(url: string): { readonly host: string; readonly pathAndQuery: string } {
  const begin = url.indexOf("//") + 2;
  const slash = url.indexOf("/", begin);
  const end = slash < 0 ? url.length : slash;
  const authority = url.slice(begin, end);
  return {
    host: authority.slice(authority.lastIndexOf("@") + 1),
    pathAndQuery: slash < 0 ? "/" : url.slice(slash),
  };
}

/** With the names of the query's parameters; what stands there without `=` may be anything, and is not told. */
function shownPath(path: string, query: string | undefined): string {
  const shown = path.length > LIMITS.tailPath ? `${path.slice(0, LIMITS.tailPath)}…` : path;
  if (query === undefined || query === "") return shown;
  const names = query.split("&", LIMITS.tailNames + 1).map((part) => {
    const name = part.split("=", 1)[0] ?? "";
    return part.includes("=") && name.length <= LIMITS.tailName ? name : "…";
  });
  const told = names.length > LIMITS.tailNames ? [...names.slice(0, LIMITS.tailNames), "…"] : names;
  return `${shown}?${[...new Set(told)].join("&")}`;
}

/** Without what stood before it: an origin's own line may name its keys. */
function ownStatus(text: string): string {
  const last = text.lastIndexOf("tidegate-l1");
  const before = text.lastIndexOf("tidegate-l2", last);
  const between = before < 0 ? "" : text.slice(before, last);
  return (between !== "" && /^[^,"]*, $/.test(between) ? text.slice(before) : text.slice(last)).trim();
}
