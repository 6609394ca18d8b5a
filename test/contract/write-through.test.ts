// Write-through at two edges over one log and one L2: what stands there when a write has been answered.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import { LIMITS } from "../../edge/config.ts";
import type { EdgePorts } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import type { Reply } from "../../edge/request.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import { millis } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Log } from "../../shared/ports/mid-tier.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { systemDigest, systemTimers } from "../../shared/runtime/system.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { oneShard } from "../support/one-shard.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";

const SITES = [{ name: "default", hosts: ["*"], aliases: [], canonicalHost: HOST }];
const POLICIES = [
  { id: "through", key_pattern: "/through/*", class: "hot" },
  { id: "around", key_pattern: "/around/*", class: "hot", write_policy: "write-around" },
  { id: "mine", key_pattern: "/mine/*", class: "hot", key: { cookies: ["who"] } },
];
const FRESH: HeaderList = [["cache-control", "max-age=60"]];

let rest: RestFixture;
let log: Log;
let edges: [LoneEdge, LoneEdge];
/** What the origin holds, by path, and all that it was asked. */
let content: Map<string, string>;
let asked: OriginRequest[];
/** What it says to reads, where that is not its content. */
let reads: (request: OriginRequest, text: string) => OriginOutcome | Promise<OriginOutcome>;
/** Comes to those who have waited for as long as a write may take to be answered. */
let patience: PromiseWithResolvers<void>;

beforeEach(async () => {
  rest = await startEmbeddedRest();
  log = createLog(rest.redis, LOG_LIMITS);
  const env = { CLUSTER_KEY: "k", SITES: JSON.stringify(SITES), POLICIES: JSON.stringify(POLICIES) };
  const { settings } = readEnvironment(env, null);
  expect(await bootConfiguration({ log, digest: systemDigest, settings })).toEqual({ kind: "done" });
  [content, asked, patience] = [new Map(), [], Promise.withResolvers<void>()];
  reads = (_request, text) => answer(text);
  edges = [await edge(), await edge()];
});
afterEach(async () => {
  patience.resolve();
  for (const one of edges) await one.settled();
  await rest.stop();
});

async function edge(over: Partial<EdgePorts> = {}): Promise<LoneEdge> {
  const midTier = createMidTier({
    ...oneShard(rest.redis),
    ...{ digest: systemDigest, readDeadline: millis(1000), fillDeadline: millis(1000), variantsPerKey: 3 },
  });
  const sleep = (span: number): Promise<void> =>
    span >= LIMITS.writeThroughPatience ? patience.promise : new Promise((resolve) => setImmediate(resolve));
  const one = loneEdge([], { log, midTier, timers: { ...systemTimers, sleep }, ...over });
  one.origin = (request) => takes(request);
  await one.beat();
  return one;
}

const answer = (text: string, status = 200, headers = FRESH): OriginOutcome => ({
  ...{ kind: "answer", status, headers },
  body: { kind: "bytes", bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> },
});

function takes(request: OriginRequest): OriginOutcome | Promise<OriginOutcome> {
  asked.push(request);
  const path = new URL(request.url).pathname;
  const sent = request.headers.find(([name]) => name === "x-content")?.[1];
  if (request.method === "GET") return reads(request, content.get(path) ?? "none");
  if (sent === "refused") return answer("no", 409);
  content.set(path, sent ?? "none");
  return answer("taken", 200, [...FRESH, ["content-location", path]]);
}

const gets = (): OriginRequest[] => asked.filter(({ method }) => method === "GET");
const put = (one: LoneEdge, path: string, text: string, headers: HeaderList = []) =>
  one.get(path, { method: "PUT", headers: [["x-content", text], ...headers] });

/** By a view of now. */
async function read(one: LoneEdge, path: string): Promise<{ text: string; cacheStatus: string }> {
  await one.beat();
  const tasks: Promise<unknown>[] = [];
  const reply = await handleRequest(one.edge, {
    ...{ method: "GET", url: `https://${HOST}${path}`, body: NO_BODY, purpose: "client" },
    ...{ header: () => null, headers: () => [], arrivedAt: one.edge.clock.now() },
    background: { keep: (task) => void tasks.push(task) },
  });
  const text = await textOf(reply);
  while (tasks.length > 0) await Promise.all(tasks.splice(0));
  return { text, cacheStatus: reply.cacheStatus };
}

describe("when a write is answered", () => {
  test("L2 has what a GET says, for whichever edge is asked next", async () => {
    const [here, there] = edges;
    const reply = await put(here, "/through/a", "one");
    expect([reply.status, await textOf(reply)]).toEqual([200, "taken"]);
    expect(gets()).toHaveLength(1);
    expect(await read(there, "/through/a")).toMatchObject({ text: "one" });
    expect((await read(here, "/through/a")).cacheStatus).toMatch(/^tidegate-l1; hit/);
    expect(gets()).toHaveLength(1);
  });

  test("that of an entry, and of a write before it, is replaced", async () => {
    const [here, there] = edges;
    for (const text of ["one", "two", "three"]) {
      await put(here, "/through/a", text);
      expect((await read(there, "/through/a")).text).toBe(text);
      expect((await read(here, "/through/a")).text).toBe(text);
    }
    expect(gets()).toHaveLength(3);
  });

  test("of a class that writes around nothing is asked for", async () => {
    await put(edges[0], "/around/a", "one");
    expect(gets()).toEqual([]);
  });

  test("and was refused by the origin, nothing is asked for", async () => {
    expect((await put(edges[0], "/through/a", "refused")).status).toBe(409);
    expect(gets()).toEqual([]);
  });

  test("the origin may still owe the GET: nobody waits longer than the writer's patience", async () => {
    const [here, there] = edges;
    const gate = Promise.withResolvers<void>();
    reads = async (_request, text) => {
      await gate.promise;
      return answer(text);
    };
    let status = 0;
    const written = put(here, "/through/a", "one").then((reply) => {
      status = reply.status;
    });
    await until(() => gets().length === 1);
    expect(status).toBe(0);
    patience.resolve();
    await written;
    expect(status).toBe(200);
    gate.resolve();
    await here.settled();
    expect((await read(there, "/through/a")).text).toBe("one");
    expect(gets()).toHaveLength(1);
  });
});

describe("what comes in between", () => {
  test.each([0, 1])(
    "the later of two writers' contents stays, whoever's GET is slower (%i)",
    async (slow) => {
      const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let nth = 0;
      reads = async (_request, text) => {
        const gate = gates[nth++];
        if (gate !== undefined) await gate.promise;
        return answer(text);
      };
      const first = put(edges[0], "/through/a", "one");
      await until(() => gets().length === 1);
      // The lease of the GET under way is older than this write: it is not waited for.
      const second = put(edges[1], "/through/a", "two");
      await until(() => gets().length === 2);
      gates[1 - slow]?.resolve();
      await (slow === 0 ? second : first);
      gates[slow]?.resolve();
      await Promise.all([first, second]);
      for (const one of edges) expect((await read(one, "/through/a")).text).toBe("two");
      expect(gets()).toHaveLength(2);
    },
  );

  test("writers at one moment share one GET that comes after all of them", async () => {
    await Promise.all(
      ["one", "two"].map((text, n) => put(n === 0 ? edges[0] : edges[1], "/through/a", text)),
    );
    for (const one of edges) expect((await read(one, "/through/a")).text).toBe(content.get("/through/a"));
    expect(gets().length).toBeLessThanOrEqual(2);
  });

  test("a purge after the GET was sent makes what it brings out of date", async () => {
    const [here, there] = edges;
    const gate = Promise.withResolvers<void>();
    reads = async (_request, text) => {
      await gate.promise;
      return answer(text);
    };
    const written = put(here, "/through/a", "one");
    await until(() => gets().length === 1);
    content.set("/through/a", "two");
    await purged("/through/a");
    gate.resolve();
    await written;
    reads = (_request, text) => answer(text);
    for (const one of [there, here]) expect((await read(one, "/through/a")).text).toBe("two");
  });
});

describe("what harms no write", () => {
  test.each([
    ["is away", (): OriginOutcome => ({ kind: "unreachable", reason: "refused", detail: "" })],
    ["says 503 to the GET", () => answer("sorry", 503, [])],
    ["has nothing there", () => answer("gone", 404, [["cache-control", "no-store"]])],
  ])("an origin that %s", async (_name, says) => {
    reads = says;
    const reply = await put(edges[0], "/through/a", "one");
    expect([reply.status, await textOf(reply)]).toEqual([200, "taken"]);
    await edges[0].settled();
    reads = (_request, text) => answer(text);
    // Whatever became of the GET, no edge keeps it from the next reader.
    expect((await read(edges[1], "/through/a")).text).toBe("one");
  });

  test("an L2 that is away: the writer's own edge has it all the same", async () => {
    const unavailable = async () => ({ kind: "unavailable", reason: "away" }) as const;
    const cut = await edge({
      midTier: {
        read: async () => ({ ...(await unavailable()), at: [] }),
        fill: unavailable,
        release: async () => "unavailable",
        renew: async () => "unavailable",
        verified: async () => undefined,
      },
    });
    await put(cut, "/through/a", "one");
    expect(await read(cut, "/through/a")).toMatchObject({ text: "one", cacheStatus: /^tidegate-l1; hit/ });
    expect(gets()).toHaveLength(1);
    await cut.settled();
  });

  test("a log that is away: nothing is fetched that could not be dated", async () => {
    const cut = await edge({
      log: { ...log, append: async () => ({ kind: "unavailable", reason: "away" }) },
    });
    expect((await put(cut, "/through/a", "one")).status).toBe(200);
    expect(gets()).toEqual([]);
    expect(cut.edge.unsent.size).toBe(1);
  });
});

describe("what may be for the writer alone", () => {
  test("is asked for without his credentials", async () => {
    const secrets: HeaderList = [
      ["authorization", "Basic eA=="],
      ["cookie", "who=me"],
      ["if-match", '"1"'],
      ["accept-language", "de"],
    ];
    await put(edges[0], "/through/a", "one", secrets);
    const [get] = gets();
    const names = get?.headers.map(([name]) => name) ?? [];
    for (const name of ["authorization", "cookie", "if-match", "x-content"])
      expect(names).not.toContain(name);
    expect(get?.headers).toContainEqual(["accept-language", "de"]);
    expect(get?.body).toEqual(NO_BODY);
  });

  test("is not asked for where his cookie makes the key", async () => {
    await put(edges[0], "/mine/a", "one", [["cookie", "who=me"]]);
    expect(gets()).toEqual([]);
  });

  test("is not asked for a second time where it may not be kept, at any edge", async () => {
    reads = (_request, text) => answer(text, 200, [["cache-control", "private"]]);
    for (const one of [0, 0, 1] as const) await put(edges[one], "/through/a", "one");
    expect(gets()).toHaveLength(1);
  });
});

async function textOf({ body }: Reply): Promise<string> {
  if (body.kind !== "source") return new TextDecoder().decode(body.kind === "bytes" ? body.bytes : undefined);
  const pieces: Uint8Array[] = [];
  for (let piece = await body.source.read(); piece !== null; piece = await body.source.read())
    pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function purged(path: string): Promise<void> {
  const outcome = await log.append({
    ...{ operationId: path, requestDigest: path, actor: "test", action: "purge", detail: "", replicas: 0 },
    payload: { kind: "invalidate", mode: "hard", selectors: [`default u ${HOST}${path}`] as never },
  });
  expect(outcome.kind).toBe("appended");
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 500) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
