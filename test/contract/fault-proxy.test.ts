// The fault proxy, fault by fault, before a real HTTP server and a real Redis gateway, on new connections and on kept ones.

import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FaultProxy, startFaultProxy } from "../../dev/faults/fault-proxy.ts";
import type { LinkState } from "../../dev/faults/link-state.ts";
import { type RestFixture, startEmbeddedRest, until } from "../support/redis-server.ts";

let server: Server;
let proxy: FaultProxy;
let kept: Agent;
/** Requests that reached the server, and how it answers one; by default with its number. */
let reached = 0;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((asked, response) => {
    reached += 1;
    answer(asked, response);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  reached = 0;
  answer = (_request, response) => response.end(`answer ${reached}`);
  proxy = await startFaultProxy(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  kept = new Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(async () => {
  kept.destroy();
  await proxy.close();
});

/** Octets: more than one request here has, and fewer than two. */
const ONE_REQUEST = 128;

type Asked = { readonly to?: FaultProxy; readonly on?: Agent | false; readonly body?: string };

/** The answer's body, or the error's code. */
function ask(path: string, { to = proxy, on = false, body }: Asked = {}): Promise<string> {
  return new Promise((resolve) => {
    const method = body === undefined ? "GET" : "POST";
    const headers = { authorization: "Bearer test-token" };
    const sent = request(`http://${to.address}${path}`, { agent: on, method, headers }, (got) => {
      let text = "";
      got.setEncoding("latin1").on("data", (piece: string) => {
        text += piece;
      });
      got.on("end", () => resolve(text));
      got.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(body);
  });
}

/** One request on the kept connection, which is there from then on. */
const warmUp = async (): Promise<void> => expect(await ask("/", { on: kept })).toBe("answer 1");

const keptConnections = (): number => Object.values(kept.freeSockets).flat().length;

/** Both are asked the same; the kept connection is there before. */
const both = (path: string): Promise<string[]> =>
  Promise.all([ask(path, { on: kept }), ask(path, { on: false })]);

test("passes everything on, octet for octet, and counts it", async () => {
  const octets = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256)).toString("latin1");
  answer = (_request, response) => response.end(Buffer.from(octets, "latin1"));
  expect(await ask("/", { on: kept })).toBe(octets);
  expect(await ask("/", { on: kept, body: "x".repeat(50_000) })).toBe(octets);
  const counts = proxy.counts();
  expect(counts).toMatchObject({
    connections: 1,
    requests: 2,
    replies: 2,
    repliesLost: 0,
    swallowedOctets: 0,
  });
  expect(counts.replyOctets).toBeGreaterThan(2 * octets.length);
  expect(counts.requestOctets).toBeGreaterThan(50_000);
});

describe("cut", () => {
  test("resets kept connections at once, and new ones as they come", async () => {
    await warmUp();
    expect(keptConnections()).toBe(1);
    proxy.set({ kind: "cut" });
    await until("the kept connection is gone", () => keptConnections() === 0);
    expect(await both("/")).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect([reached, proxy.counts().refused]).toEqual([1, 2]);
    proxy.heal();
    expect((await both("/")).sort()).toEqual(["answer 2", "answer 3"]);
  });

  test("breaks an answer off that is under way", async () => {
    let held: ServerResponse | null = null;
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": 10 });
      response.write("half!");
      held = response;
    };
    const asked = ask("/");
    await until("half of it is here", () => held !== null && proxy.counts().replies === 1);
    proxy.set({ kind: "cut" });
    expect(await asked).toBe("ECONNRESET");
  });
});

describe("one way", () => {
  test("requests arrive, and their replies never", async () => {
    await warmUp();
    proxy.set({ kind: "one-way", arrives: "requests" });
    const asked = both("/");
    await until("both requests are executed", () => reached === 3);
    await until("both replies are swallowed", () => proxy.counts().replies === 3);
    expect(proxy.counts().swallowedOctets).toBeGreaterThan(0);
    proxy.heal();
    // What has lost octets can't go on: the next reply would be taken for the one that was lost.
    expect(await asked).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect((await both("/")).sort()).toEqual(["answer 4", "answer 5"]);
  });

  test("replies to what was asked before arrive, and no request does", async () => {
    let held: ServerResponse | null = null;
    answer = (_request, response) => {
      held = response;
    };
    const before = ask("/before", { on: kept });
    await until("it was asked", () => held !== null);
    proxy.set({ kind: "one-way", arrives: "replies" });
    (held as ServerResponse | null)?.end("came back");
    expect(await before).toBe("came back");
    const after = both("/after");
    await until("both are swallowed", () => proxy.counts().swallowedOctets > ONE_REQUEST);
    proxy.heal();
    expect(await after).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect(reached).toBe(1);
  });
});

test("a black hole accepts and swallows; healing resets what fell into it", async () => {
  await warmUp();
  proxy.set({ kind: "black-hole" });
  const { connections } = proxy.counts();
  let answered = false;
  const asked = both("/lost").finally(() => {
    answered = true;
  });
  await until("both are swallowed", () => proxy.counts().swallowedOctets > ONE_REQUEST);
  expect(proxy.counts().connections).toBe(connections + 1);
  expect([reached, answered]).toEqual([1, false]);
  proxy.heal();
  expect(await asked).toEqual(["ECONNRESET", "ECONNRESET"]);
  expect((await both("/")).sort()).toEqual(["answer 2", "answer 3"]);
});

test("a client that gives up in a black hole leaves nothing behind", async () => {
  proxy.set({ kind: "black-hole" });
  const [host, port] = proxy.address.split(":");
  const socket = connect(Number(port), host);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume().end("hello");
  await closed;
  expect(proxy.counts()).toMatchObject({ swallowedOctets: 5, requestOctets: 0 });
});

describe("delay", () => {
  test("each way takes so much longer, on kept and on new connections", async () => {
    await warmUp();
    proxy.set({ kind: "delay", requestsMs: 60, repliesMs: 40 });
    const took: number[] = [];
    while (took.length < 3) {
      const begun = performance.now();
      await both("/");
      took.push(performance.now() - begun);
    }
    const least = Math.min(...took);
    expect(least).toBeGreaterThanOrEqual(99);
    expect(least).toBeLessThan(1000);
  });

  test("keeps the order, and what waits goes on at once when it is healed", async () => {
    const octets = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(33 + (i % 90))).join("");
    answer = (asked, response) => asked.pipe(response);
    proxy.set({ kind: "delay", requestsMs: 60_000, repliesMs: 0 });
    const asked = ask("/", { body: octets });
    await until("it waits", () => proxy.counts().connections === 1);
    proxy.heal();
    expect(await asked).toBe(octets);
  });
});

describe("slow", () => {
  test("no more octets a second than that, shared by all connections", async () => {
    await warmUp();
    const size = 50_000;
    answer = (_request, response) => response.end("x".repeat(size));
    const bytesPerSecond = 400_000;
    proxy.set({ kind: "slow", bytesPerSecond });
    const begun = performance.now();
    const got = await both("/");
    const took = performance.now() - begun;
    expect(got.map((text) => text.length)).toEqual([size, size]);
    // What a pause has saved up goes at once.
    expect(took).toBeGreaterThanOrEqual((2 * size * 1000) / bytesPerSecond - 51);
    expect(took).toBeLessThan(3000);
  });

  test("what waits goes on at once when it is healed", async () => {
    answer = (_request, response) => response.end("y".repeat(100_000));
    proxy.set({ kind: "slow", bytesPerSecond: 1000 });
    const asked = ask("/");
    await until("the answer has begun", () => proxy.counts().replyOctets > 0);
    proxy.heal();
    expect((await asked).length).toBe(100_000);
  });
});

describe("replies lost after the commit, before a Redis gateway", () => {
  let rest: RestFixture;
  let redis: FaultProxy;
  beforeAll(async () => {
    rest = await startEmbeddedRest();
    redis = await startFaultProxy(new URL(rest.url).host);
  });
  afterAll(async () => {
    await redis.close();
    await rest.stop();
  });

  const incr = (key: string, on: Agent | false): Promise<string> =>
    ask("/", { to: redis, on, body: JSON.stringify(["INCR", key]) });
  const value = async (key: string): Promise<number> => {
    const text = await ask("/", { to: redis, body: JSON.stringify(["GET", key]) });
    return Number((JSON.parse(text) as { result: string }).result);
  };

  test("the next two are executed and not answered, on a kept and on a new connection; then all is well", async () => {
    expect(await incr("next", kept)).toBe('{"result":1}');
    expect(keptConnections()).toBe(1);
    redis.set({ kind: "replies-lost", which: { kind: "next", count: 2 } });
    expect(await incr("next", kept)).toBe("ECONNRESET");
    expect(await incr("next", false)).toBe("ECONNRESET");
    expect(redis.state()).toEqual({ kind: "pass" });
    expect(await value("next")).toBe(3);
    expect(await incr("next", kept)).toBe('{"result":4}');
    expect(redis.counts().repliesLost).toBe(2);
  });

  test("by chance: every one is executed, and the same ones are lost for the same seed", async () => {
    const run = async (key: string, seed: number): Promise<string> => {
      redis.set({ kind: "replies-lost", which: { kind: "some", probability: 0.4, seed } });
      let fates = "";
      for (let i = 0; i < 40; i++) fates += (await incr(key, false)) === "ECONNRESET" ? "-" : "+";
      redis.heal();
      expect(await value(key)).toBe(40);
      return fates;
    };
    const first = await run("a", 1);
    expect(first.split("-").length - 1).toBeGreaterThan(5);
    expect(first.split("+").length - 1).toBeGreaterThan(5);
    expect(await run("b", 1)).toBe(first);
    expect(await run("c", 2)).not.toBe(first);
  });

  test("an answer that has begun is not lost, only the next one", async () => {
    let held: ServerResponse | null = null;
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": 10 });
      response.write("first");
      held = response;
    };
    const asked = ask("/", { on: kept });
    await until("it has begun", () => held !== null && proxy.counts().replies === 1);
    proxy.set({ kind: "replies-lost", which: { kind: "next", count: 1 } });
    (held as ServerResponse | null)?.end("-last");
    expect(await asked).toBe("first-last");
    expect(await ask("/", { on: kept })).toBe("ECONNRESET");
  });
});

describe("streams", () => {
  const sized = 64 * 1024 * 1024;

  test("a reader that stops stops the writer, and gets everything once it goes on", async () => {
    let written = 0;
    answer = (_request, response) => {
      const piece = Buffer.alloc(65_536, "z");
      response.writeHead(200, { "content-length": sized });
      const more = (): void => {
        while (written < sized) {
          written += piece.length;
          if (!response.write(piece)) return;
        }
        response.end();
      };
      response.on("drain", more);
      more();
    };
    const got = await new Promise<IncomingMessage>((resolve) => {
      request(`http://${proxy.address}/`, { agent: false }, resolve).end();
    });
    // It goes on until every buffer on the way is full, and no further.
    let before = -1;
    await until("the writer has stopped", () => {
      const stopped = written === before;
      before = written;
      return stopped && written > 0;
    });
    expect(written).toBeLessThan(sized / 2);
    let received = 0;
    for await (const piece of got) received += (piece as Buffer).length;
    expect(received).toBe(sized);
  });

  test("one that has said everything still hears the rest", async () => {
    const echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
      let text = "";
      socket.on("data", (piece) => {
        text += piece.toString();
      });
      socket.on("end", () => socket.end(`heard ${text}`));
    });
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const before = await startFaultProxy(`127.0.0.1:${(echo.address() as AddressInfo).port}`);
    const [host, port] = before.address.split(":");
    const text = await new Promise((resolve) => {
      const socket: Socket = connect(Number(port), host);
      let heard = "";
      socket.on("data", (piece) => {
        heard += piece.toString();
      });
      socket.on("end", () => resolve(heard));
      socket.end("everything");
    });
    expect(text).toBe("heard everything");
    await before.close();
    await new Promise((resolve) => echo.close(resolve));
  });
});

test("before a server that isn't there, connections are reset", async () => {
  const nobody = await startFaultProxy("127.0.0.1:1");
  expect(await ask("/", { to: nobody })).toBe("ECONNRESET");
  await nobody.close();
});

const STATES: readonly LinkState[] = [
  { kind: "pass" },
  { kind: "cut" },
  { kind: "one-way", arrives: "requests" },
  { kind: "one-way", arrives: "replies" },
  { kind: "delay", requestsMs: 60_000, repliesMs: 60_000 },
  { kind: "slow", bytesPerSecond: 1 },
  { kind: "black-hole" },
  { kind: "replies-lost", which: { kind: "next", count: 1 } },
];

test.each(STATES)("closes at once from $kind, whatever is under way", async (state) => {
  answer = (_request, response) => {
    response.writeHead(200);
    response.write("and never the rest");
  };
  const own = await startFaultProxy(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const before = ask("/", { to: own });
  await until("one is under way", () => own.counts().replies === 1);
  own.set(state);
  const after = ask("/", { to: own });
  await until("another came", () => own.counts().connections + own.counts().refused === 2);
  await own.close();
  expect(await Promise.all([before, after])).toEqual(["ECONNRESET", "ECONNRESET"]);
});
