// An origin that a test directs: what each path answers, when, and how often it was asked.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** The connection is cut behind the body, whatever length was announced. */
  readonly breaksOff?: boolean;
}

export type Answer = (request: IncomingMessage) => Page;

/** Holds requests at the origin, after their answer has been made, until it is opened. */
export interface Gate {
  /** Resolves when as many requests are being held. */
  holding(count: number): Promise<void>;
  open(): void;
}

export interface TestOrigin {
  readonly url: string;
  set(path: string, answer: Answer | Page): void;
  /** Everything below a prefix, where no path of its own is set. */
  setBelow(prefix: string, answer: Answer): void;
  requests(path: string): number;
  readonly total: () => number;
  gate(path: string): Gate;
  close(): Promise<void>;
}

export async function startTestOrigin(): Promise<TestOrigin> {
  const pages = new Map<string, Answer>();
  const below: [string, Answer][] = [];
  const counts = new Map<string, number>();
  const gates = new Map<string, GateState>();
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const answer = pages.get(path) ?? below.find(([prefix]) => path.startsWith(prefix))?.[1];
    const page = answer?.(request) ?? { status: 404, body: "nothing here" };
    const gate = gates.get(path);
    if (gate === undefined) send(response, page);
    else gate.hold(() => send(response, page));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (path, answer) => pages.set(path, typeof answer === "function" ? answer : () => answer),
    setBelow: (prefix, answer) => below.push([prefix, answer]),
    requests: (path) => counts.get(path) ?? 0,
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
    gate(path) {
      const state = new GateState(() => gates.delete(path));
      gates.set(path, state);
      return state;
    },
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class GateState implements Gate {
  private readonly held: (() => void)[] = [];
  private readonly waiting: { count: number; resolve: () => void }[] = [];
  private readonly onOpen: () => void;

  constructor(onOpen: () => void) {
    this.onOpen = onOpen;
  }

  hold(release: () => void): void {
    this.held.push(release);
    for (const waiter of this.waiting) if (this.held.length >= waiter.count) waiter.resolve();
  }

  holding(count: number): Promise<void> {
    if (this.held.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }

  open(): void {
    this.onOpen();
    for (const release of this.held.splice(0)) release();
  }
}

function send(response: ServerResponse, page: Page): void {
  const status = page.status ?? 200;
  // Neither has content; a 304 would give the length of what it confirms.
  const length = status === 204 || status === 304 ? {} : { "content-length": Buffer.byteLength(page.body) };
  response.writeHead(status, { "content-type": "text/plain", ...length, ...page.headers });
  if (page.breaksOff === true) response.write(page.body, () => response.destroy());
  else response.end(page.body);
}
