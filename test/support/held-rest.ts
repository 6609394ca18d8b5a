// For tests: a gateway that stands before another one, and lets requests through when it is told to.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HeldRest {
  readonly url: string;
  /** What comes from now on waits, if it has that in it: whatever else goes on behind answers is none of a test's business. */
  hold(text: string): void;
  /** How many wait. */
  readonly waiting: number;
  /** What waits goes on, unless whoever has sent it has gone meanwhile. */
  release(): void;
  stop(): void;
}

export async function startHeldRest(behind: string): Promise<HeldRest> {
  let held: string | null = null;
  const waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    if (held !== null && body.includes(held)) await new Promise<void>((resolve) => waiting.push(resolve));
    if (response.destroyed) return;
    const { authorization = "", "upstash-encoding": encoding = "" } = request.headers;
    const headers = { authorization, "upstash-encoding": String(encoding) };
    const answer = await fetch(behind + request.url, {
      method: "POST",
      headers,
      body,
    });
    const type = answer.headers.get("content-type") ?? "application/json";
    response.writeHead(answer.status, { "content-type": type }).end(await answer.text());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold(text) {
      held = text;
    },
    get waiting() {
      return waiting.length;
    },
    release() {
      held = null;
      for (const goOn of waiting.splice(0)) goOn();
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
