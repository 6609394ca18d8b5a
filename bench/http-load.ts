// A closed-loop HTTP/1.1 client on raw sockets: as little work a request as possible, so that the server is what is measured.

import { connect, type Socket } from "node:net";

export interface LoadOptions {
  readonly port: number;
  /** For all connections, one for each, or another one for each request. */
  readonly path: string | ((connection: number) => string) | { readonly each: () => string };
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Ascending, milliseconds. */
  readonly latencies: readonly number[];
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const startedAt = performance.now();
  const endAt = startedAt + options.durationMs;
  const runs = Array.from({ length: options.connections }, (_, connection) => {
    const { path, port } = options;
    if (typeof path === "object")
      return oneConnection({ port, request: () => requestFor(path.each()) }, endAt);
    const request = requestFor(typeof path === "string" ? path : path(connection));
    return oneConnection({ port, request: () => request }, endAt);
  });
  const latencies = (await Promise.all(runs)).flat().sort((a, b) => a - b);
  return { requests: latencies.length, seconds: (performance.now() - startedAt) / 1000, latencies };
}

const requestFor = (path: string): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench.test\r\n\r\n`);

function oneConnection(options: { port: number; request: () => Buffer }, endAt: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const latencies: number[] = [];
    const socket: Socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
    let sentAt = 0;
    let expected = -1;
    let received = 0;
    const send = (): void => {
      expected = -1;
      received = 0;
      const request = options.request();
      sentAt = performance.now();
      socket.write(request);
    };
    const fail = (error: Error): void => {
      reject(error);
      socket.destroy();
    };
    socket.once("connect", send);
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("the server hung up")));
    socket.on("data", (piece: Buffer) => {
      received += piece.length;
      if (expected < 0) {
        const length = lengthOf(piece);
        if (typeof length === "string") return fail(new Error(length));
        expected = length;
      }
      if (received < expected) return;
      const now = performance.now();
      latencies.push(now - sentAt);
      if (now < endAt) return send();
      resolve(latencies);
      socket.destroy();
    });
  });
}

/** Header and body octets of an answer whose header came in one piece; else what is wrong with it. */
function lengthOf(piece: Buffer): number | string {
  const headerEnd = piece.indexOf("\r\n\r\n");
  const header = piece.toString("latin1", 0, headerEnd);
  if (headerEnd < 0 || !header.startsWith("HTTP/1.1 200")) return `unexpected answer: ${header.slice(0, 60)}`;
  const length = /content-length: *(\d+)/i.exec(header)?.[1];
  if (length === undefined) return "the answer has no Content-Length";
  return headerEnd + 4 + Number(length);
}

export const quantile = (ascending: readonly number[], q: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(q * ascending.length))] ?? Number.NaN;

export function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return quantile(ascending, 0.5);
}
