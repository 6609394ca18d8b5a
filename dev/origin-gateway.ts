// Stands between local edges and origins: one connection a request, and nothing passed on but well-formed HTTP.

import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { hopByHopNamesBy } from "../shared/core/headers.ts";
import { ORIGIN_HEADER, ORIGIN_KEY_HEADER } from "../shared/wire/origin-gateway.ts";
import { type NamedOrigins, NOBODY, type Target, Targets } from "./named-origins.ts";

export interface OriginGateway {
  /** `host:port` at which it speaks plain HTTP. */
  readonly address: string;
  close(): Promise<void>;
}

/** Origins may have greater limits than Node's 16 KiB; whether a request's fields are too large is theirs to say. */
const HEAD_BYTES = 1024 * 1024;
/** Longer than a runtime keeps idle connections, so that it never sends on one that is just being closed. */
const KEEP_ALIVE_MS = 120_000;

/**
 * A runtime that pools connections hands octets beyond a body's length to the next request as its answer, and can't
 * be told to close them. Here every request has a connection of its own, octets beyond a length end with it, and an
 * answer that ends early ends as an error.
 */
export async function startOriginGateway(origin: URL, named: NamedOrigins = NOBODY): Promise<OriginGateway> {
  const targets = new Targets(origin, named);
  const server = createServer(
    { maxHeaderSize: HEAD_BYTES, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      const target = targets.of(request.headers);
      if (target === null) response.writeHead(403).end();
      else forward(target, request, response);
    },
  );
  // How long a request may take is for clients, edges and the origin to say.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = targets.of(request.headers);
    if (target === null) socket.destroy();
    else upgrade(target, request, { socket, head });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function ask({ origin, lookup }: Target, request: IncomingMessage, headers: readonly string[]) {
  const options: RequestOptions = {
    ...(lookup !== null && { lookup }),
    hostname: origin.hostname.replace(/^\[|\]$/g, ""),
    port: origin.port,
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers,
    agent: false,
    setHost: false,
    maxHeaderSize: HEAD_BYTES,
  };
  return origin.protocol === "https:" ? httpsRequest(options) : httpRequest(options);
}

function forward(target: Target, request: IncomingMessage, response: ServerResponse): void {
  const chunked = request.headers["transfer-encoding"] !== undefined;
  const framing = chunked ? ["Transfer-Encoding", "chunked"] : [];
  const asked = ask(target, request, [...endToEnd(request), ...framing]);
  let whole = (): boolean => false;
  // An answer that ends with its connection counts as whole behind a reset as well, but not when the reset comes (RFC 9112 §8).
  asked.on("error", () => {
    if (!whole()) response.destroy();
  });
  // However it ended. Without an answer there is nothing to say but that the connection is gone, which whoever asked
  // reads as unreachable; octets behind a whole answer are not that answer's fault, and go no further.
  asked.on("close", () => {
    if (!whole()) response.destroy();
    // What the origin did not want to read of the request is read for nobody, or its connection would never be free.
    request.unpipe();
    request.resume();
  });
  response.on("close", () => asked.destroy());
  asked.on("response", (answer) => {
    whole = () => answer.complete;
    answer.on("error", () => response.destroy());
    // An origin that refuses a request early may close while it is still being sent, and its answer would be lost.
    if ((answer.statusCode ?? 0) >= 300) {
      request.unpipe();
      request.resume();
    }
    if (writeHead(response, answer)) answer.pipe(response);
    else response.destroy();
  });
  request.pipe(asked);
}

/** Transfer codings that are still there when an answer has been read. */
const UNREAD_CODINGS: ReadonlySet<string> = new Set([
  ...["gzip", "x-gzip", "compress", "x-compress", "deflate", "br", "zstd"],
]);

/** What has been read would not be the content; a name that is nobody's codes nothing (RFC 9112 §7). */
function isStillCoded({ headers }: IncomingMessage): boolean {
  const said = headers["transfer-encoding"]?.toLowerCase().split(",") ?? [];
  const codings = said.map((coding) => coding.trim());
  // Chunks that were not taken for such would be content.
  const isUnread = codings.at(-1) !== "chunked" && codings.some((coding) => coding.includes("chunk"));
  return isUnread || codings.some((coding) => UNREAD_CODINGS.has(coding));
}

/** False where the answer has no head that could be sent on. */
function writeHead(response: ServerResponse, answer: IncomingMessage): boolean {
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 999 || isStillCoded(answer)) return false;
  try {
    response.writeHead(status, endToEnd(answer));
    // Sent before the first octet of the body is there, as origins that stream expect.
    response.flushHeaders();
    return true;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return false;
    throw error;
  }
}

/** Raw, so that repeats, order and spelling stay as they came; without what `Connection` names, and what is told to us alone. */
function endToEnd(message: IncomingMessage): string[] {
  const named = hopByHopNamesBy(message.headers.connection ?? null);
  const dropped = new Set([...named, ORIGIN_HEADER, ORIGIN_KEY_HEADER]);
  const kept: string[] = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const [name = "", value = ""] = message.rawHeaders.slice(i, i + 2);
    if (!dropped.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** WebSockets: the origin's answer as it stands, then octets both ways. */
function upgrade(target: Target, request: IncomingMessage, client: { socket: Duplex; head: Buffer }): void {
  const { socket, head } = client;
  const asked = ask(target, request, [
    ...endToEnd(request),
    ...["Connection", "Upgrade", "Upgrade", request.headers.upgrade ?? ""],
  ]);
  // Read from the start: of a socket that nobody reads nobody hears that it has ended.
  const early = [head];
  const keep = (piece: Buffer): void => void early.push(piece);
  const leave = (): void => void asked.destroy();
  socket.on("data", keep).once("end", leave);
  asked.on("error", () => socket.destroy());
  socket.on("error", leave);
  asked.on("response", (answer) => {
    socket.write(headOf(answer, endToEnd(answer), ["Connection: close"]));
    answer.pipe(socket);
    // A pipe does not end with what breaks off.
    answer.on("close", () => void (answer.complete || socket.destroy()));
  });
  asked.on("upgrade", (answer, upstream: Duplex, first: Buffer) => {
    socket.off("data", keep).off("end", leave);
    socket.write(headOf(answer, answer.rawHeaders, []));
    socket.write(first);
    upstream.write(Buffer.concat(early));
    upstream.on("error", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  asked.end();
}

function headOf(answer: IncomingMessage, raw: readonly string[], more: readonly string[]): Buffer {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push(`${raw[i]}: ${raw[i + 1]}`);
  return Buffer.from(`${[...lines, ...more].join("\r\n")}\r\n\r\n`, "latin1");
}
