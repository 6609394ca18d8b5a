// HTTP inside the simulated cluster: signed calls over links to an edge's real internal routes.

import { answerInternal, type InternalEdge } from "../../edge/internal/routes.ts";
import type { HttpCalls, HttpOutcome, HttpRequest } from "../../shared/ports/http.ts";
import { SIGNATURE_HEADER } from "../../shared/wire/signature.ts";
import type { Isolate } from "./isolate.ts";
import type { Network } from "./network.ts";

export const CLUSTER_KEY = "the simulated cluster's";

export const urlOf = (host: string): string => `http://${host}.internal`;

/** What takes a call at the other end. */
interface Taker {
  readonly internal: InternalEdge;
  readonly isolate: Isolate;
}

/** Somebody who can be called. */
interface Callee {
  reach(act: (life: Taker | null) => void): void;
}

export function httpOver(of: {
  readonly from: string;
  readonly isolate: Isolate;
  readonly network: Network;
  readonly hosts: ReadonlyMap<string, Callee>;
}): HttpCalls {
  const { from, isolate, network, hosts } = of;
  return {
    send: (request, deadline) =>
      new Promise((resolve) => {
        const [, to = "", path = ""] = /^http:\/\/([^./]+)\.internal(\/.*)$/.exec(request.url) ?? [];
        const back = isolate.wayBack();
        const answer = (outcome: HttpOutcome): void => back(() => resolve(outcome));
        isolate.after(deadline, () => resolve({ kind: "unreachable", reason: "timeout" }));
        network.link(`${from}>${to}`).carry<HttpOutcome>({
          arrive: (reply) => hosts.get(to)?.reach((life) => take({ ...request, path }, life, reply)),
          answered: answer,
          refused: () => answer({ kind: "unreachable", reason: "refused" }),
        });
      }),
  };
}

function take(
  message: HttpRequest & { readonly path: string },
  life: Taker | null,
  reply: (outcome: HttpOutcome) => void,
): void {
  if (life === null) {
    reply({ kind: "unreachable", reason: "refused" });
    return;
  }
  const { method, path, body } = message;
  const signature = message.headers[SIGNATURE_HEADER] ?? null;
  life.isolate.serve(async (request) => {
    const background = life.isolate.background(request);
    const asked = { method, path, signature, body: body ?? "", background };
    const { status, text, signature: ours } = await answerInternal(life.internal, asked);
    const header = (name: string): string | null => (name === SIGNATURE_HEADER ? ours : null);
    reply({ kind: "answer", status, text, header });
    request.leave();
  });
}
