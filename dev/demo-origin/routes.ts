// The demo site's routes: which path and method lead to which answer.

import type { Site, Visit } from "./answers.ts";
import * as answers from "./answers.ts";
import { type Reply, refusal } from "./reply.ts";

type Answer = (site: Site, visit: Visit, part: string) => Reply | undefined | Promise<Reply>;
type Route = { readonly path: RegExp; readonly GET?: Answer; readonly PUT?: Answer };

const routes: readonly Route[] = [
  { path: /^\/$/, GET: answers.home },
  { path: /^\/products\/([1-9]\d{0,5})$/, GET: answers.product },
  { path: /^\/news$/, GET: answers.news },
  { path: /^\/news\/([1-9]\d{0,5})$/, GET: answers.article },
  { path: /^\/api\/products$/, GET: answers.productList },
  { path: /^\/api\/products\/([1-9]\d{0,5})$/, GET: answers.productJson, PUT: answers.changeProduct },
  { path: /^(\/assets\/app\.[0-9a-f]+\.(?:js|css))$/, GET: answers.asset },
  { path: /^\/images\/(\d{1,3}\.(?:svg|png))$/, GET: answers.image },
  { path: /^\/blob\/5mb\.bin$/, GET: answers.blob },
  { path: /^\/slow$/, GET: answers.slow },
  { path: /^\/clock$/, GET: answers.clock },
  { path: /^\/(?:hot|live)\/([\w-]{1,40})$/, GET: answers.scores },
  { path: /^\/session\/([\w-]{1,64})$/, GET: answers.readSession, PUT: answers.writeSession },
  { path: /^\/account$/, GET: answers.account },
  { path: /^\/error$/, GET: answers.failing },
  { path: /^\/robots\.txt$/, GET: answers.robots },
  { path: /^\/sitemap\.xml$/, GET: answers.siteMap },
];

export async function answer(site: Site, visit: Visit): Promise<Reply> {
  for (const route of routes) {
    const found = route.path.exec(visit.path);
    if (found === null) continue;
    const handler = visit.method === "PUT" ? route.PUT : isRead(visit) ? route.GET : undefined;
    if (handler === undefined) return refusal(405, "not allowed here", { allow: allowed(route) });
    return (await handler(site, visit, found[1] ?? "")) ?? answers.notFound();
  }
  return answers.notFound();
}

function isRead({ method }: Visit): boolean {
  return method === "GET" || method === "HEAD";
}

function allowed(route: Route): string {
  return route.PUT === undefined ? "GET, HEAD" : "GET, HEAD, PUT";
}
