// Read-your-purge: a request that names a position is answered from a view at least that new, or not at all.

import { type Position, parsePosition } from "../shared/core/position.ts";
import type { Edge } from "./edge.ts";
import { problemReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";

/** `"<epoch>-<seq>"`, as a purge's answer states it. */
export const MIN_POSITION = "tidegate-min-position";

/** Null where the view is new enough, after one pull at the most. */
export async function refuseOlder(edge: Edge, request: EdgeRequest, named: string): Promise<Reply | null> {
  const least = parsePosition(named);
  if (least === null) return malformed();
  const arrival = { at: request.arrivedAt, ticket: edge.view.ticket() };
  const isNew = (): boolean => reaches(edge, least, arrival.ticket);
  if (!isNew()) await edge.view.renew(arrival, isNew, request.background);
  return isNew() ? null : tooOld();
}

/** Positions of two epochs can't be compared: there any view will do that was pulled after the request had arrived. */
function reaches(edge: Edge, least: Position, ticket: number): boolean {
  const position = edge.view.position();
  if (position === null) return false;
  return position.epoch === least.epoch ? position.seq >= least.seq : edge.view.pulledSince(ticket);
}

const malformed = (): Reply =>
  problemReply({
    status: 400,
    code: "invalid-min-position",
    title: "Bad Request",
    detail: 'Tidegate-Min-Position must be a position, "<epoch>-<seq>".',
  });

const tooOld = (): Reply =>
  problemReply({
    status: 412,
    code: "position-not-reached",
    title: "Precondition Failed",
    detail: "This edge has not learnt the log up to Tidegate-Min-Position.",
    retryAfter: 1,
  });
