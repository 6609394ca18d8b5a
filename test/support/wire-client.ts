// A client that sends what it is told, line by line, and shows what came back, whole or not.

import { Agent, type ClientRequest, request } from "node:http";
import { connect } from "node:net";
import { type FieldList, type Fields, fieldOf, linesOf } from "./fields.ts";

export interface Sent {
  readonly method?: string;
  /** As it goes on the request line. */
  readonly target: string;
  readonly fields?: Fields;
  readonly body?: string;
}

export interface Received {
  readonly status: number;
  readonly fields: FieldList;
  field(name: string): string | null;
  readonly body: Buffer;
  readonly text: string;
  /** False where the connection ended before the message did. */
  readonly whole: boolean;
}

/** A connection a request: nothing of one can reach another. */
const agent = new Agent({ keepAlive: false });

export function send(base: string, sent: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const started = start(base, sent);
    started.on("error", reject);
    started.on("response", (answer) => {
      const pieces: Buffer[] = [];
      const fields = pairs(answer.rawHeaders);
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      // A connection that breaks off is an answer too: one that is not whole.
      answer.on("error", () => undefined);
      answer.on("close", () => {
        const body = Buffer.concat(pieces);
        const field = (name: string): string | null => fieldOf(fields, name);
        const { statusCode: status = 0, complete: whole } = answer;
        resolve({ status, fields, field, body, text: body.toString("utf8"), whole });
      });
    });
    started.setNoDelay(true);
    started.end(sent.body);
  });
}

/** With what status a handshake is answered; one that is taken up ends there. */
export function shakeHands(base: string, sent: Sent): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = start(base, sent);
    started.on("error", reject);
    started.on("upgrade", ({ statusCode = 0 }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    started.on("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    started.end();
  });
}

/** Goes away as soon as so many octets of the body have come. */
export function sendAndLeave(base: string, sent: Sent, octets: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    const started = start(base, sent);
    started.on("error", () => resolve());
    started.on("close", () => resolve());
    started.on("response", (answer) => {
      answer.on("error", () => undefined);
      answer.on("data", (piece: Buffer) => {
        seen += piece.length;
        if (seen >= octets) started.destroy();
      });
    });
    started.end();
  });
}

/** Goes away when told to, whatever has come by then. */
export function sendUntil(base: string, sent: Sent, leaves: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const started = start(base, sent);
    started.on("error", () => resolve());
    started.on("close", () => resolve());
    started.end();
    void leaves.then(() => started.destroy());
  });
}

function start(base: string, { method = "GET", target, fields = {}, body }: Sent): ClientRequest {
  const { hostname, port } = new URL(base);
  const length: Fields = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  const headers = linesOf({ ...length, ...fields }).flat();
  return request({ hostname, port, method, path: target, headers, agent });
}

const pairs = (raw: readonly string[]): FieldList =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1] ?? ""] as const] : []));

/**
 * Announces more content than it sends, and then ends its side of the connection, or keeps it open until it is told to
 * leave. What came back, to the end.
 */
export function sendShort(
  base: string,
  { method = "POST", target, fields = {}, body = "" }: Sent,
  { announced, leaves = null }: { readonly announced: number; readonly leaves?: Promise<unknown> | null },
): Promise<string> {
  const { hostname, port } = new URL(base);
  const lines = linesOf({ ...fields, "Content-Length": String(announced) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const { promise, resolve } = Promise.withResolvers<string>();
  const pieces: Buffer[] = [];
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => undefined);
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.on("close", () => resolve(Buffer.concat(pieces).toString("latin1")));
  socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n${body}`);
  if (leaves === null) socket.end();
  else void leaves.then(() => socket.destroy());
  return promise;
}
