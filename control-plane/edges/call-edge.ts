// Signed calls from the control plane to one edge.

import type { Millis } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Digest, Random } from "../../shared/ports/identity.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { SIGNATURE_HEADER, signRequest } from "../../shared/wire/signature.ts";

/** Never rejects. */
export interface HttpCalls {
  send(request: HttpRequest, deadline: Millis): Promise<HttpOutcome>;
}

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

export type HttpOutcome =
  | { readonly kind: "answer"; readonly status: number; readonly text: string }
  | { readonly kind: "unreachable"; readonly reason: "refused" | "timeout" };

export interface EdgeMessage {
  readonly path: string;
  /** Null asks with GET. */
  readonly body: string | null;
}

/** `refused`: the edge did nothing with it. `timeout`: whether it did is unknown. */
export type EdgeAnswer =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "unreachable"; readonly reason: "refused" | "timeout" };

export type CallEdge = (edge: ListedEdge, message: EdgeMessage, deadline: Millis) => Promise<EdgeAnswer>;

export interface CallPorts {
  readonly http: HttpCalls;
  readonly key: string;
  readonly digest: Digest;
  readonly random: Random;
  readonly clock: Clock;
}

export function createCallEdge(ports: CallPorts): CallEdge {
  return async (edge, { path, body }, deadline) => {
    const method = body === null ? "GET" : "POST";
    const by = { ...ports, nowWall: ports.clock.wall() };
    const signature = await signRequest({ method, path, body: body ?? "" }, by);
    const headers: Record<string, string> = { [SIGNATURE_HEADER]: signature };
    if (body !== null) headers["content-type"] = "application/json";
    const outcome = await ports.http.send({ method, url: edge.url + path, headers, body }, deadline);
    if (outcome.kind === "unreachable") return outcome;
    // Whatever else answers there did not take the message for one of ours.
    return outcome.status === 200
      ? { kind: "answer", text: outcome.text }
      : { kind: "unreachable", reason: "refused" };
  };
}
