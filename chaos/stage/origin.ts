// The origin of an experiment's site: it answers with versioned content, and is down, slow or erring when told to.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { VersionedContent } from "../../bench/outside/versioned-content.ts";
import type { OriginState, OriginSwitch } from "../experiment.ts";

export interface StageOrigin extends OriginSwitch {
  readonly url: string;
  /** Requests that have come while it was not well. */
  metUnwell(): number;
  /** Whether it was well all the time since this instant of `performance.now()`. */
  wellSince(instant: number): boolean;
  close(): Promise<void>;
}

export async function startStageOrigin(content: VersionedContent): Promise<StageOrigin> {
  let state: OriginState = { kind: "up" };
  /** When it last became well. */
  let upSince = 0;
  let met = 0;
  const server = createServer((request, response) => {
    if (state.kind !== "up") met += 1;
    if (state.kind === "down") request.socket.resetAndDestroy();
    else if (state.kind === "slow") setTimeout(() => answer(content, request, response), state.delayMs);
    else if (state.kind === "erring") response.writeHead(503, { "cache-control": "no-store" }).end();
    else answer(content, request, response);
  });
  await listen(server);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      if (next.kind === "up" && state.kind !== "up") upSince = performance.now();
      state = next;
    },
    metUnwell: () => met,
    wellSince: (instant) => state.kind === "up" && upSince <= instant,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(content: VersionedContent, request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = content.answer(request.url ?? "/", request.headers["if-none-match"]);
  response.writeHead(status, headers).end(body);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}
