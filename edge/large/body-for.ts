// The body that one request is sent: what is in hand, or what stands in the data centre, opened for it alone.

import { isInChunks } from "../../shared/core/chunks.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { Body } from "../../shared/ports/body.ts";
import { firstOctet } from "../content.ts";
import type { Edge } from "../edge.ts";
import type { EdgeRequest } from "../request.ts";
import type { Route } from "../router.ts";
import { ChunkedSource } from "./chunked-source.ts";

/** Null where it can't be had: it is here no longer, or what it begins with is neither here nor with the origin. */
export async function bodyFor(
  edge: Edge,
  request: EdgeRequest,
  { route, held, body }: { readonly route: Route; readonly held: HeldAnswer; readonly body: Body },
): Promise<Body | null> {
  if (body.kind !== "none") return body;
  const { answer } = held;
  if (!isInChunks(held)) return edge.dataCentre.open(answer);
  const all = { from: 0, to: answer.length - 1 };
  const source = new ChunkedSource(edge, { route, request, whole: held }, all);
  const { headers } = answer;
  const at = firstOctet(request, { answer, headers, body, nowWall: edge.clock.wall() });
  return at === null || (await source.begin(at)) ? { kind: "source", source } : null;
}
