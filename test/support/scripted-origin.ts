// An origin that is a script of octets: repeated fields, wrong lengths, cut connections, and a record of what it was asked.

import { createServer, type Server, type Socket } from "node:net";
import { type FieldList, type Fields, fieldOf, linesOf } from "./fields.ts";

/** A request as it arrived. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly body: Buffer;
}

export interface Spoken {
  readonly status?: number;
  /** `Date` and `Content-Type` are added unless they are given; null leaves them out. */
  readonly fields?: Fields;
  /** Where none is given: the how-manieth request of its script this is. */
  readonly body?: string | Buffer;
  readonly framing?: "length" | "chunked" | "close";
  /** The length that is announced, whatever is sent. */
  readonly announced?: number;
  /** So many octets of the body are sent, then the connection ends. */
  readonly cutAfter?: number;
  /** Octets sent behind the message. */
  readonly extra?: string;
  /** The connection ends without an answer. */
  readonly drops?: true;
  /** Nothing is sent before this resolves. */
  readonly after?: Promise<unknown>;
  /** So many octets of the body are sent, the rest when it resolves. */
  readonly stopsAt?: { readonly octets: number; readonly until: Promise<unknown> };
}

export type Script = (asked: Asked, nth: number) => Spoken;

export interface ScriptedOrigin {
  readonly url: string;
  /** What is answered to every target whose first or second segment begins with this id, such as `c17`. */
  script(id: string, script: Script): void;
  asked(id: string): readonly Asked[];
  /** Resolves when so many requests have arrived. */
  reached(id: string, count: number): Promise<void>;
  /** Refuses connections until `accept` is called. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

interface Play {
  readonly script: Script;
  readonly asked: Asked[];
  readonly waiting: { readonly count: number; readonly resolve: () => void }[];
}

/** `c17` in `/c17`, in `/policy/c17?x=1` and in `/c17%2Fmore`. */
const ID = /^(?:\/[a-z-]+)?\/(c\d+)/;

export async function startScriptedOrigin(): Promise<ScriptedOrigin> {
  const plays = new Map<string, Play>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    void converse(socket, (asked) => answerOf(plays, asked));
  });
  const port = await listen(server, 0);
  const playOf = (id: string): Play => {
    const play = plays.get(id);
    if (play === undefined) throw new Error(`no script of ${id}`);
    return play;
  };
  const refuse = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${port}`,
    script: (id, script) => void plays.set(id, { script, asked: [], waiting: [] }),
    asked: (id) => playOf(id).asked,
    reached(id, count) {
      const { asked, waiting } = playOf(id);
      if (asked.length >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
    refuse,
    accept: async () => void (await listen(server, port)),
    close: refuse,
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

const NOTHING_HERE: Spoken = { status: 404, body: "nothing here" };

function answerOf(plays: ReadonlyMap<string, Play>, asked: Asked): { spoken: Spoken; nth: number } {
  const play = plays.get(ID.exec(asked.target)?.[1] ?? "");
  if (play === undefined) return { spoken: NOTHING_HERE, nth: 0 };
  play.asked.push(asked);
  const nth = play.asked.length;
  const spoken = play.script(asked, nth);
  for (const waiter of play.waiting) if (nth >= waiter.count) waiter.resolve();
  return { spoken, nth };
}

/** Takes the requests of one connection in turn. */
async function converse(
  socket: Socket,
  answer: (asked: Asked) => { spoken: Spoken; nth: number },
): Promise<void> {
  socket.setNoDelay(true);
  const reader = new RequestReader(socket);
  socket.on("error", () => socket.destroy());
  let spoilt = false;
  for (let asked = await reader.next(); asked !== null; asked = await reader.next()) {
    const { spoken, nth } = answer(asked);
    await spoken.after;
    if (spoken.drops === true) return void socket.destroy();
    await speak(socket, spoken, { nth, head: asked.method === "HEAD" });
    // Whoever took octets behind a message for an answer gets out of step: this connection ends with the next one.
    if (spoilt || spoken.framing === "close" || spoken.cutAfter !== undefined) return void socket.end();
    spoilt = spoken.extra !== undefined;
  }
}

const CRLF = Buffer.from("\r\n");
const BODILESS = new Set([204, 304]);

async function speak(
  socket: Socket,
  spoken: Spoken,
  { nth, head }: { nth: number; head: boolean },
): Promise<void> {
  const status = spoken.status ?? 200;
  const bodiless = BODILESS.has(status);
  const body = bodiless ? Buffer.alloc(0) : Buffer.from(spoken.body ?? String(nth));
  const framing: Fields = bodiless ? {} : framingFields(spoken, body.length);
  const defaults: Fields = {
    Date: new Date().toUTCString(),
    ...(bodiless ? {} : { "Content-Type": "text/plain" }),
  };
  const lines = linesOf({ ...defaults, ...framing, ...spoken.fields }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`HTTP/1.1 ${status} Scripted\r\n${lines.join("")}\r\n`, "latin1");
  if (head || bodiless) return;
  const sent = spoken.cutAfter === undefined ? body : body.subarray(0, spoken.cutAfter);
  if (spoken.framing === "chunked") {
    if (sent.length > 0)
      socket.write(Buffer.concat([Buffer.from(`${sent.length.toString(16)}\r\n`), sent, CRLF]));
    if (spoken.cutAfter === undefined) socket.write("0\r\n\r\n");
    return;
  }
  const { stopsAt } = spoken;
  await write(socket, sent.subarray(0, stopsAt?.octets ?? 0));
  await stopsAt?.until;
  await write(socket, sent.subarray(stopsAt?.octets ?? 0));
  if (spoken.extra !== undefined) socket.write(spoken.extra);
}

function framingFields({ framing, announced }: Spoken, length: number): Fields {
  if (framing === "chunked") return { "Transfer-Encoding": "chunked" };
  return framing === "close" ? { Connection: "close" } : { "Content-Length": String(announced ?? length) };
}

/** Resolves when the octets are on their way, or can't be any more. */
function write(socket: Socket, octets: Buffer): Promise<void> {
  if (octets.length === 0 || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const gone = (): void => resolve();
    socket.once("close", gone);
    socket.write(octets, () => {
      socket.off("close", gone);
      resolve();
    });
  });
}

/** Cuts the octets of a connection into requests. */
class RequestReader {
  private held = Buffer.alloc(0);
  private readonly octets: AsyncIterator<Buffer>;

  constructor(socket: Socket) {
    this.octets = socket[Symbol.asyncIterator]();
  }

  /** Null at the end of the connection. */
  async next(): Promise<Asked | null> {
    const head = await this.through("\r\n\r\n");
    if (head === null) return null;
    const [line = "", ...rest] = head.trimEnd().split("\r\n");
    const [method = "", target = ""] = line.split(" ");
    const fields = rest.map((text): [string, string] => {
      const colon = text.indexOf(":");
      return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
    });
    return { method, target, fields, body: await this.body(fields) };
  }

  private async body(fields: FieldList): Promise<Buffer> {
    if (fieldOf(fields, "transfer-encoding") !== "chunked")
      return this.take(Number(fieldOf(fields, "content-length") ?? 0));
    const pieces: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await this.through("\r\n")) ?? "0", 16);
      pieces.push(await this.take(size));
      await this.through("\r\n");
      if (size === 0) return Buffer.concat(pieces);
    }
  }

  private async through(mark: string): Promise<string | null> {
    while (!this.held.includes(mark)) if (!(await this.more())) return null;
    return (await this.take(this.held.indexOf(mark) + mark.length)).toString("latin1");
  }

  private async take(length: number): Promise<Buffer> {
    while (this.held.length < length) if (!(await this.more())) break;
    const taken = this.held.subarray(0, length);
    this.held = this.held.subarray(length);
    return taken;
  }

  private async more(): Promise<boolean> {
    const next = await this.octets.next().catch(() => ({ done: true as const, value: undefined }));
    if (next.done === true) return false;
    this.held = Buffer.concat([this.held, next.value]);
    return true;
  }
}
