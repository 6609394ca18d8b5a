// Signed calls to one edge: from the control plane, or from one of its peers.

import type { Millis } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { HttpCalls } from "../ports/http.ts";
import type { Digest, Random } from "../ports/identity.ts";
import { SIGNATURE_HEADER, sameText, signReply, signRequest } from "./signature.ts";

export interface EdgeMessage {
  readonly path: string;
  /** Null asks with GET. */
  readonly body: string | null;
}

/** `refused`: the edge did nothing with it, or there is no key to sign it with. `timeout`: whether it did is unknown. */
export type EdgeAnswer =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "unreachable"; readonly reason: "refused" | "timeout" | "too-large" };

/** Never rejects. `url` ends without a slash. */
export type CallEdge = (
  edge: { readonly url: string; readonly id?: string },
  message: EdgeMessage,
  deadline: Millis,
) => Promise<EdgeAnswer>;

export interface CallPorts {
  readonly http: HttpCalls;
  readonly key: string;
  readonly digest: Digest;
  readonly random: Random;
  readonly clock: Pick<Clock, "wall">;
}

export function createCallEdge(ports: CallPorts): CallEdge {
  return async (edge, { path, body }, deadline) => {
    if (ports.key === "") return { kind: "unreachable", reason: "refused" };
    const method = body === null ? "GET" : "POST";
    const by = { ...ports, nowWall: ports.clock.wall() };
    const signature = await signRequest({ method, path, body: body ?? "" }, by);
    const headers: Record<string, string> = { [SIGNATURE_HEADER]: signature };
    if (body !== null) headers["content-type"] = "application/json";
    const outcome = await ports.http.send({ method, url: edge.url + path, headers, body }, deadline);
    if (outcome.kind === "unreachable") return outcome;
    // Whatever else answers there did not take the message for one of ours, or is none of us.
    const genuine =
      outcome.status === 200 &&
      sameText(
        await signReply({ request: signature, body: outcome.text }, ports),
        outcome.header(SIGNATURE_HEADER) ?? "",
      );
    return genuine ? { kind: "answer", text: outcome.text } : { kind: "unreachable", reason: "refused" };
  };
}
