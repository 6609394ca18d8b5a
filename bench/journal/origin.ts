// An origin that takes each write once, by its Idempotency-Key, and remembers what it took of each path, in order.

import { createServer, type Server } from "node:http";

export interface WrittenOrigin {
  readonly server: Server;
  /** What was taken of a path, oldest first. */
  readonly taken: ReadonlyMap<string, readonly string[]>;
  /** Requests that brought a write, the repeated ones included. */
  asked: number;
  /** It closes every connection instead of answering. */
  away: boolean;
}

export async function startWrittenOrigin(): Promise<WrittenOrigin> {
  const taken = new Map<string, string[]>();
  const known = new Set<string>();
  const server = createServer((request, response) => {
    if (origin.away) return void request.socket.destroy();
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      const path = request.url ?? "";
      const of = taken.get(path) ?? [];
      if (request.method !== "PUT") {
        response.writeHead(of.length === 0 ? 404 : 200, { "content-type": "text/plain" });
        return void response.end(of.at(-1) ?? "");
      }
      origin.asked += 1;
      const key = String(request.headers["idempotency-key"] ?? "");
      if (key === "" || !known.has(key)) {
        known.add(key);
        taken.set(path, [...of, body]);
      }
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin: WrittenOrigin = { server, taken, asked: 0, away: false };
  return origin;
}
