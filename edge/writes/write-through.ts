// After a write that the log knows of, one leased GET brings what it made: whoever reads next need not wait for the origin.

import { type HeaderPair, headerValue } from "../../shared/core/headers.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import { NO_DIRECTIVES } from "../../shared/core/request-directives.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { board } from "../flight.ts";
import { FOR_NOBODY } from "../flight-job.ts";
import type { EdgeRequest } from "../request.ts";
import { drain } from "../serve.ts";
import { keyFor } from "../variant.ts";

/** Resolves when the mid-tier has been refilled, or can't be, or its writer has waited long enough: it goes on behind. */
export function refilled(edge: Edge, request: EdgeRequest, position: Position): Promise<void> {
  const refilling = refill(edge, request, position);
  request.background.keep(refilling);
  return Promise.race([refilling, edge.timers.sleep(LIMITS.writeThroughPatience)]);
}

/**
 * Never by storing what the origin answered to the write itself: of two writers whose entries come in another order
 * than their writes, the last entry would then vouch for the first content (docs/adr/0035).
 */
async function refill(edge: Edge, request: EdgeRequest, position: Position): Promise<void> {
  const reading = readingOf(edge, request);
  const route = reading === null ? null : edge.router.route(reading);
  // Meanwhile another policy may have come, by which the journal has a say in it.
  if (reading === null || route?.rules.write !== "write-through") return;
  const asOf = edge.view.asOf();
  // A view that does not know of the write would store what the write's own entry makes out of date.
  if (asOf === null || comparePositions(asOf, position) < 0) return;
  if (edge.memory.isUncacheable(keyFor(edge, { route, request: reading }), edge.clock.now())) return;
  const whole = {
    candidate: null,
    ...FOR_NOBODY,
    wants: NO_DIRECTIVES,
    range: null,
  };
  const { arrivedAt } = reading;
  const { role, flight } = board(edge, { ...whole, route, request: reading, arrivedAt, lease: "wait" });
  if (role === "leader") request.background.keep(flight.leader.then(drain));
  await flight.landed;
}

/** In which representations are chosen between; what they are sent as, and by whom, is the write's own. */
const NEGOTIATING = ["accept", "accept-encoding", "accept-language", "user-agent"];
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

/** The GET that anybody might send; null where it would need the writer's credentials to be for the same answer. */
function readingOf(edge: Edge, request: EdgeRequest): EdgeRequest | null {
  const route = edge.router.route(request);
  if (route === null || route.rules.key.cookies.length > 0) return null;
  const choosing = [...route.rules.key.headers, ...edge.memory.markOf(route.key).names];
  if (choosing.some((name) => CREDENTIALS.includes(name))) return null;
  const headers = [...new Set([...NEGOTIATING, ...choosing])].flatMap((name): HeaderPair[] => {
    const value = request.header(name);
    return value === null ? [] : [[name, value]];
  });
  return {
    ...{ method: "GET", url: request.url, body: NO_BODY, purpose: "write-through" },
    header: (name) => headerValue(headers, name),
    headers: () => headers,
    arrivedAt: edge.clock.now(),
    background: request.background,
  };
}
