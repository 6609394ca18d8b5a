// Serves the demo site "Harbour" over HTTP, and counts what reaches it.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Site } from "./answers.ts";
import { createCatalogue } from "./catalogue.ts";
import { negotiate, type Reply, refusal } from "./reply.ts";
import { answer } from "./routes.ts";
import { createSessions } from "./sessions.ts";

type DemoOriginOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  /** Milliseconds since 1970; the system's clock unless a test brings its own. */
  readonly now?: () => number;
};

export type DemoOriginCounters = {
  readonly total: number;
  readonly notModified: number;
  readonly inFlight: number;
  /** The most requests that were ever in flight at once. */
  readonly maxInFlight: number;
  /** Requests by path without the query; paths past the first ten thousand are counted in `total` only. */
  readonly byPath: Readonly<Record<string, number>>;
};

export type DemoOrigin = {
  readonly url: string;
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
  requests(): DemoOriginCounters;
};

const maxBodyBytes = 64 * 1024;
const maxDrainedBytes = 8 * 1024 * 1024;
const maxCountedPaths = 10_000;

export async function startDemoOrigin(options: DemoOriginOptions): Promise<DemoOrigin> {
  const { port, host = "127.0.0.1", now = Date.now } = options;
  const site: Site = { catalogue: createCatalogue(now), sessions: createSessions(), now };
  const counter = createCounter();
  const server = createServer((request, response) => {
    // A failure here is this server's own; the connection is all that can be closed.
    serve(site, counter, request, response).catch(() => response.destroy());
  });
  await listen(server, port, host);
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound}`,
    port: bound,
    close: () => close(server),
    requests: counter.read,
  };
}

async function serve(
  site: Site,
  counter: Counter,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", headers } = request;
  const { path, query } = split(request.url ?? "/");
  const number = counter.begin(path);
  const gone = new AbortController();
  response.once("close", () => {
    counter.end(response.statusCode);
    gone.abort();
  });
  const body = await readBody(request);
  const visit = { method, path, query, headers, number, base: baseOf(request), signal: gone.signal };
  const whole =
    body === "too large"
      ? refusal(413, `a body has at most ${maxBodyBytes} bytes`)
      : await answer(site, { ...visit, body });
  const stamp = { "x-origin-request": String(number), date: new Date(site.now()).toUTCString() };
  send(response, method, negotiate(visit, whole), stamp);
}

function send(response: ServerResponse, method: string, reply: Reply, stamp: Record<string, string>): void {
  const { status, headers, body } = reply;
  response.writeHead(status, { ...headers, ...stamp, "content-length": String(body.byteLength) });
  response.end(method === "HEAD" || status === 304 ? undefined : body);
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | "too large"> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= maxBodyBytes) chunks.push(chunk);
    // Read to its end, so that the client sees the 413, but not for ever: leaving the loop cuts the connection.
    if (size > maxDrainedBytes) throw new Error("the client sends without end");
  }
  return size > maxBodyBytes ? "too large" : Buffer.concat(chunks);
}

function split(target: string): { path: string; query: URLSearchParams } {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = relative.indexOf("?");
  const path = mark < 0 ? relative : relative.slice(0, mark);
  return { path: path || "/", query: new URLSearchParams(mark < 0 ? "" : relative.slice(mark)) };
}

/** Where the client says that it is; a Host that is none would end up in the sitemap as it is. */
function baseOf({ headers, socket }: IncomingMessage): string {
  const named = headers.host ?? "";
  const isHost = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(named);
  return `http://${isHost ? named : `localhost:${socket.localPort}`}`;
}

type Counter = { begin(path: string): number; end(status: number): void; read(): DemoOriginCounters };

function createCounter(): Counter {
  const byPath = new Map<string, number>();
  let [total, notModified, inFlight, maxInFlight] = [0, 0, 0, 0];
  const begin = (path: string): number => {
    maxInFlight = Math.max(maxInFlight, ++inFlight);
    if (byPath.has(path) || byPath.size < maxCountedPaths) byPath.set(path, (byPath.get(path) ?? 0) + 1);
    return ++total;
  };
  const end = (status: number): void => {
    inFlight--;
    if (status === 304) notModified++;
  };
  const read = () => ({ total, notModified, inFlight, maxInFlight, byPath: Object.fromEntries(byPath) });
  return { begin, end, read };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
