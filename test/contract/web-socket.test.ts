// A WebSocket's handshake on its way to the origin: like any other request it ends by its deadline, and gives its slot back.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { EdgeRequest } from "../../edge/request.ts";
import type { Fetches } from "../../edge/runtime/origin-ways.ts";
import { openWebSocket } from "../../edge/runtime/web-socket.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

let lone: LoneEdge;

beforeEach(async () => {
  lone = loneEdge([], {}, { concurrency: 1 });
  await lone.beat();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => vi.useRealTimers());

function handshake(fetch: Fetches["fetch"]): Promise<Response> {
  const request: EdgeRequest = {
    ...{ method: "GET", url: `https://${HOST}/socket`, purpose: "client", body: NO_BODY },
    ...{ header: () => null, headers: () => [], arrivedAt: lone.edge.clock.now() },
    background: { keep: () => undefined },
  };
  const ways = { zone: { fetch }, world: { fetch }, gatewayKey: null };
  return openWebSocket(lone.edge, request, { ways, otherwise: () => new Response(null) });
}

test("one that the origin does not answer ends by its deadline, and the next one has its turn", async () => {
  const hanging = handshake(() => Promise.withResolvers<never>().promise);
  await vi.advanceTimersByTimeAsync(LIMITS.originDeadline);
  const { status } = await hanging;
  expect(status).toBe(504);
  const next = await handshake(async () =>
    Object.assign(new Response("no", { status: 426 }), { webSocket: null }),
  );
  expect([next.status, await next.text()]).toEqual([426, "no"]);
});
