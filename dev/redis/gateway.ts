// Upstash's REST interface over HTTP, in front of a backend: what @upstash/redis speaks.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { millis } from "../../shared/core/units.ts";
import { within } from "../../shared/runtime/deadline.ts";
import { BackendUnavailable, type RedisBackend } from "./backend.ts";
import { encodeReply, errorBody } from "./rest-encoding.ts";
import { type Answer, answer, parseRequest } from "./rest-request.ts";

type GatewayOptions = {
  readonly backend: RedisBackend;
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  readonly token: string;
  /** How long a request may take before it is a 503; then whether its commands ran is unknown. */
  readonly deadlineMs?: number;
};

export type Gateway = {
  readonly url: string;
  readonly port: number;
  /** Closes the listener and its connections; the backend stays its owner's to dispose of. */
  close(): Promise<void>;
};

/** Upstash's limit on a request's body. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
const DEFAULT_DEADLINE_MS = 2000;
/** For the sender to deliver headers and body. */
const UPLOAD_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host = "127.0.0.1" } = options;
  const rest = new RestListener(options);
  const server = createServer((request, response) => rest.listen(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = UPLOAD_MS;
  server.headersTimeout = UPLOAD_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host}:${port}`, port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

class RestListener {
  private readonly backend: RedisBackend;
  private readonly authorization: string;
  private readonly deadlineMs: number;
  private syncToken = 0;

  constructor({ backend, token, deadlineMs = DEFAULT_DEADLINE_MS }: GatewayOptions) {
    this.backend = backend;
    this.authorization = `Bearer ${token}`;
    this.deadlineMs = deadlineMs;
  }

  listen(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.authorization !== this.authorization) {
      this.refuse(request, response, {
        status: 401,
        body: errorBody("WRONGPASS invalid or missing auth token"),
      });
      return;
    }
    if (Number(request.headers["content-length"] ?? 0) > MAX_REQUEST_BYTES) {
      this.refuse(request, response, tooLarge());
      return;
    }
    this.receive(request, response);
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk);
      else if (!response.headersSent) this.refuse(request, response, tooLarge());
    });
    request.on("end", () => {
      if (response.headersSent) return;
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      void this.respond(request, response, body.toString("utf8"));
    });
    // The sender went away: there is nobody to answer.
    request.on("error", () => response.destroy());
  }

  private async respond(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const encoding = request.headers["upstash-encoding"] === "base64" ? "base64" : "text";
    const result = await this.result(request, body, encoding);
    this.send(request, response, result);
  }

  private async result(request: IncomingMessage, body: string, encoding: "base64" | "text"): Promise<Answer> {
    const parsed = parseRequest(request.method ?? "", request.url ?? "", body);
    if (parsed.kind === "refused") return { status: parsed.status, body: errorBody(parsed.message) };
    try {
      return await withDeadline(
        answer(this.backend, parsed, (reply) => encodeReply(reply, encoding)),
        this.deadlineMs,
      );
    } catch (error) {
      if (error instanceof BackendUnavailable)
        return { status: 503, body: errorBody(`ERR ${error.message}`) };
      // A bug of ours; answering it keeps the process, and everybody else's requests, alive.
      console.error(error);
      return { status: 500, body: errorBody("ERR internal error in the gateway") };
    }
  }

  /** Answers before the body was read, so the connection cannot be used again. */
  private refuse(request: IncomingMessage, response: ServerResponse, result: Answer): void {
    response.setHeader("connection", "close");
    this.send(request, response, result);
    request.resume();
  }

  private send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
    if (response.destroyed) return;
    response.sendDate = false;
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "upstash-sync-token": this.nextSyncToken(request.headers["upstash-sync-token"]),
    });
    response.end(body);
  }

  /** Never behind what the client has seen, also after a restart of the gateway. */
  private nextSyncToken(seen: string | string[] | undefined): string {
    const before = Number(seen);
    this.syncToken = Math.max(this.syncToken, Number.isSafeInteger(before) ? before : 0) + 1;
    return String(this.syncToken);
  }
}

function tooLarge(): Answer {
  return { status: 413, body: errorBody(`ERR max request size exceeded. Limit: ${MAX_REQUEST_BYTES} bytes`) };
}

async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  try {
    return await within(millis(ms), work);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new BackendUnavailable(`no answer within ${ms} ms, the outcome is unknown`);
  }
}
