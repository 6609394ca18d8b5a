// WebSockets: a handshake goes to the origin with the fields of any other request, and its answer comes back as any other.

import { originOf } from "../../shared/core/site-origin.ts";
import type { Edge } from "../edge.ts";
import { enterOrigin } from "../origin/ask.ts";
import { passedRequestHeaders } from "../origin-request.ts";
import { originFailure, shedReply } from "../reply.ts";
import type { EdgeRequest, Reply } from "../request.ts";
import type { Route } from "../router.ts";
import { clientHeaders } from "../stored-headers.ts";
import { type OriginWays, type Way, wayTo } from "./origin-ways.ts";

/** RFC 6455 §4.1: what lacks the key is an ordinary request. */
export const isHandshake = (request: Request): boolean =>
  request.method === "GET" &&
  request.headers.get("upgrade")?.toLowerCase() === "websocket" &&
  request.headers.has("sec-websocket-key");

export async function openWebSocket(edge: Edge, request: EdgeRequest, ways: OriginWays): Promise<Response> {
  const route = edge.router.route(request);
  if (route === null) return new Response("No site is configured for this host.", { status: 404 });
  const origin = originOf(route.site);
  if (origin === "none") return problemResponse(originFailure("nowhere"));
  const entered = await enterOrigin(edge, edge.guards.of(route.site.name), "user");
  if (entered.kind === "shed") return problemResponse(shedReply(entered));
  const handshake = shakeHands(request, { route, way: wayTo(ways, { url: route.href, origin }) }).finally(
    () => entered.slot.leave(),
  );
  request.background.keep(handshake);
  return handshake;
}

async function shakeHands(
  request: EdgeRequest,
  { route, way }: { route: Route; way: Way },
): Promise<Response> {
  const headers = new Headers({ upgrade: "websocket" });
  for (const [name, value] of passedRequestHeaders(request, route)) headers.append(name, value);
  for (const [name, value] of way.headers) headers.set(name, value);
  try {
    const answer = await way.fetches.fetch(way.url, {
      headers,
      redirect: "manual",
      encodeResponseBody: "manual",
    });
    const shown = new Headers();
    const received = [...answer.headers].map(([name, value]) => [name.toLowerCase(), value] as const);
    for (const [name, value] of clientHeaders(received, route.rules)) shown.append(name, value);
    const { status, webSocket } = answer;
    if (webSocket !== null) return new Response(null, { status: 101, headers: shown, webSocket });
    shown.set("cache-status", `tidegate-l1; fwd=bypass; fwd-status=${status}; detail=pass`);
    return new Response(answer.body, { status, headers: shown, encodeBody: "manual" });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return problemResponse(originFailure("refused"));
  }
}

function problemResponse({ status, headers, body, cacheStatus }: Reply): Response {
  const shown = new Headers({ "cache-status": cacheStatus });
  for (const [name, value] of headers) shown.append(name, value);
  return new Response(body.kind === "bytes" ? body.bytes : null, { status, headers: shown });
}
