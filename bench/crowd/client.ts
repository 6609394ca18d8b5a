// In a thread of its own: opens connections to all edges, and asks over all of them at once when it is told to.

import { connect, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

export interface ClientSetUp {
  readonly ports: readonly number[];
  readonly host: string;
  /** Over all edges, each in turn. */
  readonly connections: number;
}

/** What one request of a crowd came to. */
export interface Answered {
  readonly milliseconds: number;
  readonly status: number;
  readonly length: number;
}

const END = "\r\n\r\n";
/** Whoever has not all of it by then has failed. */
const DEADLINE_MS = 10_000;

function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  // Once it is open, whoever asks over it is told by its close.
  socket.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("close", () => reject(new Error(`no connection to port ${port}`)));
  });
}

function ask(socket: Socket, request: Buffer): Promise<Answered> {
  const sentAt = performance.now();
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0);
    const finish = (status: number, length: number): void => {
      clearTimeout(deadline);
      resolve({ milliseconds: performance.now() - sentAt, status, length });
      socket.destroy();
    };
    const deadline = setTimeout(() => finish(0, 0), DEADLINE_MS);
    socket.on("data", (piece: Buffer) => {
      held = held.length === 0 ? piece : Buffer.concat([held, piece]);
      const length = wholeLength(held);
      if (length !== null) finish(Number(held.toString("latin1", 9, 12)), length);
    });
    socket.on("close", () => finish(0, 0));
    socket.write(request);
  });
}

/** Octets of the body, where all of it is there. */
function wholeLength(held: Buffer): number | null {
  const headEnd = held.indexOf(END);
  if (headEnd < 0) return null;
  const head = held.toString("latin1", 0, headEnd);
  const announced = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (announced === undefined) return chunkedLength(held, headEnd + END.length);
  return held.length >= headEnd + END.length + Number(announced) ? Number(announced) : null;
}

function chunkedLength(held: Buffer, start: number): number | null {
  let length = 0;
  for (let at = start; ; ) {
    const lineEnd = held.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(held.toString("latin1", at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (held.length < at) return null;
    if (size === 0) return length;
    length += size;
  }
}

const { ports, host, connections } = workerData as ClientSetUp;

/** Connections are opened first, so that nobody waits for his own, and each is used once. */
async function crowd(path: string): Promise<Answered[]> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const numbers = Array.from({ length: connections }, (_, number) => number);
  const sockets = await Promise.all(numbers.map((number) => open(ports[number % ports.length] ?? 0)));
  return Promise.all(sockets.map((socket) => ask(socket, request)));
}

parentPort?.on("message", async (path: string) => parentPort?.postMessage(await crowd(path)));
