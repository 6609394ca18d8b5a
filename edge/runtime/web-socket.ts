// WebSockets: a handshake goes to the origin with the fields of any other request, and what comes back is its answer.

import { originOf } from "../../shared/core/site-origin.ts";
import { continueTrace, spanId } from "../../shared/core/trace-context.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Random } from "../../shared/ports/identity.ts";
import { within } from "../../shared/runtime/deadline.ts";
import { LIMITS } from "../config.ts";
import { counted, failure } from "../count.ts";
import type { Edge } from "../edge.ts";
import { noSite } from "../no-site.ts";
import { enterOrigin } from "../origin/ask.ts";
import { passedRequestHeaders } from "../origin-request.ts";
import { originFailure, shedReply } from "../reply.ts";
import type { EdgeRequest, Reply } from "../request.ts";
import type { Route } from "../router.ts";
import { clientHeaders } from "../stored-headers.ts";
import { type OriginWays, type Way, wayTo } from "./origin-ways.ts";

/** RFC 6455 §4.1: what lacks the key is an ordinary request. */
export const isHandshake = ({
  method,
  fields,
}: {
  readonly method: string;
  readonly fields: Headers;
}): boolean =>
  method === "GET" && fields.get("upgrade")?.toLowerCase() === "websocket" && fields.has("sec-websocket-key");

export interface Handshaking {
  readonly ways: OriginWays;
  /** As any other GET. */
  readonly otherwise: () => Response | Promise<Response>;
}

export async function openWebSocket(
  edge: Edge,
  request: EdgeRequest,
  { ways, otherwise }: Handshaking,
): Promise<Response> {
  const route = edge.router.route(request);
  if (route === null) return problemResponse(noSite(edge, request));
  const origin = originOf(route.site);
  const failed = (reply: Reply): Response => problemResponse(failure(edge, request, { reply, route }));
  if (origin === "none") return failed(originFailure("nowhere"));
  const entered = await enterOrigin(edge, route, "user");
  if (entered.kind === "shed") return failed(shedReply(entered));
  route.counters.asked["web-socket"] += 1;
  const way = wayTo(ways, { url: route.href, origin });
  const handshake = shakeHands(request, { route, way, random: edge.random })
    .then((answer) => {
      if (answer === "refused" || answer === "timeout") return failed(originFailure(answer));
      if (answer.webSocket === null && mayBeJournalled(edge, route)) return discarded(answer);
      counted(edge, request, { reply: HANDSHAKE, route, result: "pass", by: "origin" });
      return answer;
    })
    .finally(() => entered.slot.leave());
  const answer = handshake.then((said) => said ?? otherwise());
  request.background.keep(answer);
  return answer;
}

/** Then what the origin says instead of opening one may be older than what the journal has. */
const mayBeJournalled = (edge: Edge, { rules }: Route): boolean =>
  rules.write === "write-back" || !edge.router.isConfigured;

async function discarded({ body }: Response): Promise<null> {
  await body?.cancel();
  return null;
}

/** What is counted of one: that it was answered. */
const HANDSHAKE: Reply = {
  ...{ status: 101, headers: [], body: NO_BODY, age: null, cacheStatus: "", memory: null },
};

async function shakeHands(
  request: EdgeRequest,
  { route, way, random }: { route: Route; way: Way; random: Random },
): Promise<Response | "refused" | "timeout"> {
  const headers = new Headers({ upgrade: "websocket" });
  const traced = continueTrace(passedRequestHeaders(request, route), () => spanId(random.token()));
  for (const [name, value] of traced) headers.append(name, value);
  for (const [name, value] of way.headers) headers.set(name, value);
  try {
    const asked = way.fetches.fetch(way.url, {
      headers,
      redirect: "manual",
      encodeResponseBody: "manual",
    });
    const answer = await within(LIMITS.originDeadline, asked);
    const shown = new Headers();
    const received = [...answer.headers].map(([name, value]) => [name.toLowerCase(), value] as const);
    for (const [name, value] of clientHeaders(received, route.rules)) shown.append(name, value);
    const { status, webSocket } = answer;
    if (webSocket !== null) return new Response(null, { status: 101, headers: shown, webSocket });
    shown.set("cache-status", `tidegate-l1; fwd=bypass; fwd-status=${status}; detail=pass`);
    return new Response(answer.body, { status, headers: shown, encodeBody: "manual" });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.name === "TimeoutError" ? "timeout" : "refused";
  }
}

function problemResponse({ status, headers, body, cacheStatus }: Reply): Response {
  const shown = new Headers({ "cache-status": cacheStatus });
  for (const [name, value] of headers) shown.append(name, value);
  return new Response(body.kind === "bytes" ? body.bytes : null, { status, headers: shown });
}
