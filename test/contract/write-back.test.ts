// Writes that are acknowledged when the journal has them: read back everywhere at once, delivered once, in order, or told of.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { explain } from "../../edge/internal/explain.ts";
import type { Reply } from "../../edge/request.ts";
import { readWhole } from "../../edge/share-body.ts";
import { kickFlush } from "../../edge/writes/flush.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { bytes, earlier, seconds } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { answer, JournalOrigin } from "../support/journal-origin.ts";
import { memoryBlobs } from "../support/memory-blobs.ts";
import { type RestFixture, startEmbeddedRest, until } from "../support/redis-server.ts";
import { CLUSTER_KEY, SITES, startPlane, type TestPlane } from "./control-harness.ts";

const AUTHORIZED = { authorization: "Bearer admin-token" };
const URL_OF = "http://origin.test/session/1";
const POLICIES = [
  { id: "sessions", key_pattern: "/session/*", class: "session", key: { query: { exclude: ["from"] } } },
  { id: "board", key_pattern: "/board/*", class: "session", write_back: { shared: true } },
  { id: "each", key_pattern: "/each/*", class: "session", write_back: { merge: false, status: 204 } },
];

let now: number;
let rest: RestFixture;
let redis: Redis;
/** Whether the edges can reach the database. */
/** Why the journal does not answer. */
let away: string | null;
/** What it has answered them: how often, and characters in all. */
let told: { replies: number; characters: number };
let plane: TestPlane;
let origin: JournalOrigin;
let edges: [Edge, Edge];
let tasks: Promise<unknown>[];
const background: Background = { keep: (task) => void tasks.push(task) };

beforeEach(async () => {
  [now, away, tasks] = [1_800_000_000_000, null, []];
  told = { replies: 0, characters: 0 };
  rest = await startEmbeddedRest(() => now);
  const direct = rest.redis;
  redis = {
    async run(commands, deadline) {
      if (away !== null) return { kind: "unavailable", reason: away };
      const outcome = await direct.run(commands, deadline);
      told.replies += 1;
      told.characters += JSON.stringify(outcome).length;
      return outcome;
    },
  };
  plane = await startPlane(rest, { SITES });
  const env = { CLUSTER_KEY, SITES: JSON.stringify(SITES), POLICIES: JSON.stringify(POLICIES) };
  const { settings } = readEnvironment(env, null);
  const log = createLog(direct, LOG_LIMITS);
  expect(await bootConfiguration({ log, digest: systemDigest, settings })).toEqual({ kind: "done" });
  origin = new JournalOrigin();
  edges = [bareEdge(redis, origin), bareEdge(redis, origin)];
  for (const edge of edges) await edge.view.pull(background);
});

afterEach(async () => {
  await settled();
  await plane.settled();
  await rest.stop();
});

async function settled(): Promise<void> {
  while (tasks.length > 0) await Promise.all(tasks.splice(0));
}

interface Asking {
  readonly method?: string;
  readonly url?: string;
  readonly body?: string;
  readonly headers?: HeaderList;
}

function ask(edge: Edge, { method = "GET", url = URL_OF, body, headers = [] }: Asking = {}): Promise<Reply> {
  const bytes = new TextEncoder().encode(body ?? "") as Uint8Array<ArrayBuffer>;
  const all: HeaderList =
    body === undefined
      ? headers
      : [...headers, ["content-length", String(bytes.length)], ["content-type", "text/plain"]];
  const reply = handleRequest(edge, {
    ...{ method, url, background, purpose: "client", arrivedAt: edge.clock.now() },
    body: body === undefined ? NO_BODY : { kind: "bytes", bytes },
    header: (name) => headerValue(all, name),
    headers: () => all,
  });
  return Promise.resolve(reply);
}

const put = (edge: Edge, body: string, more: Asking = {}): Promise<Reply> =>
  ask(edge, { method: "PUT", body, ...more });

async function textOf({ status, body }: Reply): Promise<string> {
  if (body.kind === "none") return `${status} `;
  const bytes = body.kind === "bytes" ? body.bytes : await readWhole(body.source, 1000);
  return `${status} ${new TextDecoder().decode(bytes ?? undefined)}`;
}

const read = async (edge: Edge, more: Asking = {}): Promise<string> => textOf(await ask(edge, more));

/** The origin takes nothing until it is let go again. */
function closed(): () => void {
  origin.instead = ({ method }) => (method === "GET" ? null : answer(503, "closed"));
  return () => {
    origin.instead = null;
  };
}

/** What is put off is due by now, and delivered. */
async function flushed(edge: Edge): Promise<void> {
  await settled();
  now += 60_000;
  for (let partition = 0; partition < 8; partition++)
    kickFlush(edge, { shard: "one", partition }, background);
  await settled();
}

const journal = async (query = "") => (await plane.call(`/journal${query}`)).json;

const figures = async () => {
  const all = (await journal()).shards.control;
  expect(all.delivered + all.pending + all.deadLettered + all.dropped).toBe(all.accepted);
  return all;
};

describe("an acknowledged write", () => {
  test("says what it is worth, and is read back at once at another edge, whether the origin has it or not", async () => {
    const open = closed();
    const reply = await put(edges[0], "one");
    expect(reply.status).toBe(202);
    expect(headerValue(reply.headers, "tidegate-journal")).toMatch(/^[0-9a-f]{32}$/);
    expect(await read(edges[1])).toBe("200 one");
    open();
    await flushed(edges[0]);
    expect(origin.values.get(URL_OF)).toBe("one");
    origin.asked.length = 0;
    expect(await read(edges[1])).toBe("200 one");
    expect(origin.asked).toEqual([]);
  });

  test("carries its id as Idempotency-Key, and the origin is sent nothing of what was asked of the edge", async () => {
    const reply = await put(edges[0], "one", {
      headers: [
        ["x-mine", "1"],
        ["if-none-match", '"zzz"'],
      ],
    });
    await put(edges[0], "one", { headers: [["x-mine", "1"]] });
    await flushed(edges[0]);
    expect(reply.status).not.toBe(202);
    const sent = origin.asked.find(({ headers }) => headerValue(headers, "tidegate-fence") !== null);
    expect(headerValue(sent?.headers ?? [], "x-mine")).toBe("1");
    expect(headerValue(sent?.headers ?? [], "if-none-match")).toBeNull();
  });

  test("is not lost with the edge that took it", async () => {
    const open = closed();
    await put(edges[0], "one");
    await settled();
    open();
    await flushed(edges[1]);
    expect(origin.taken.map(({ body }) => body)).toEqual(["one"]);
  });

  test("is above invalidations until the origin has it, and below them from then on", async () => {
    const open = closed();
    await put(edges[0], "one");
    await plane.call("/invalidate", { urls: [URL_OF] });
    expect(await read(edges[1])).toBe("200 one");
    open();
    await flushed(edges[0]);
    origin.values.set(URL_OF, "changed at the origin");
    await plane.call("/invalidate", { urls: [URL_OF] });
    expect(await read(edges[1])).toBe("200 changed at the origin");
  });

  test("that an invalidation came upon while it was being delivered is read from the origin afterwards", async () => {
    let purged = false;
    origin.instead = async (request) => {
      if (request.method !== "PUT" || purged) return null;
      purged = true;
      const taken = origin.take(request);
      origin.values.set(URL_OF, "changed at the origin");
      await plane.call("/invalidate", { urls: [URL_OF] });
      return taken;
    };
    await put(edges[0], "one");
    await settled();
    expect(await read(edges[1])).toBe("200 changed at the origin");
  });

  test("that deletes is a 404 at once", async () => {
    await put(edges[0], "one");
    await flushed(edges[0]);
    const open = closed();
    await ask(edges[0], { method: "DELETE" });
    expect(await read(edges[1])).toMatch(/^404 /);
    open();
    await flushed(edges[1]);
    expect(origin.values.has(URL_OF)).toBe(false);
    expect(await read(edges[0])).toBe("404 nothing");
  });

  test("with credentials is nobody's who shows none", async () => {
    closed();
    const mine: HeaderList = [["authorization", "Bearer mine"]];
    await put(edges[0], "secret", { headers: mine });
    expect(await read(edges[1], { headers: mine })).toBe("200 secret");
    expect(await read(edges[1])).toBe("404 nothing");
    expect(await read(edges[1], { headers: [["authorization", "Bearer other"]] })).toBe("404 nothing");
  });

  test("is kept by no browser, is what it says it is, and answers conditions by its own entity tag", async () => {
    const reply = await put(edges[0], "one");
    const etag = headerValue(reply.headers, "etag") ?? "";
    const got = await ask(edges[1]);
    expect(headerValue(got.headers, "etag")).toBe(etag);
    expect(headerValue(got.headers, "cache-control")).toBe("private, no-cache");
    expect(headerValue(got.headers, "x-content-type-options")).toBe("nosniff");
    expect((await ask(edges[1], { headers: [["if-none-match", etag]] })).status).toBe(304);
    expect(await read(edges[1], { headers: [["range", "bytes=1-"]] })).toBe("206 ne");
  });
});

describe("the origin", () => {
  test("gets each key's writes one after another, in the order of their acknowledgements", async () => {
    const open = closed();
    const url = "http://origin.test/each/1";
    for (const body of ["1", "2", "3", "4"])
      expect((await put(edges[Number(body) % 2] as Edge, body, { url })).status).toBe(204);
    open();
    for (let round = 0; round < 5; round++) await flushed(edges[round % 2] as Edge);
    expect(origin.taken.map(({ body }) => body)).toEqual(["1", "2", "3", "4"]);
    expect(await figures()).toMatchObject({ accepted: 4, delivered: 4, pending: 0, operations: 0 });
  });

  test("gets one write for several of a key that it had not been sent yet", async () => {
    const open = closed();
    // The first is on its way when the others come.
    await put(edges[0], "1");
    await settled();
    const ids = new Set<string | null>();
    for (const body of ["2", "3", "4"])
      ids.add(headerValue((await put(edges[1], body)).headers, "tidegate-journal"));
    expect(ids.size).toBe(1);
    open();
    for (let round = 0; round < 3; round++) await flushed(edges[0]);
    expect(origin.taken.map(({ body }) => body)).toEqual(["1", "4"]);
    expect(await figures()).toMatchObject({ accepted: 4, delivered: 4, merged: 2, pending: 0 });
  });

  test("that took a write without saying so takes it once", async () => {
    let lost = false;
    origin.instead = (request) => {
      if (request.method !== "PUT" || lost) return null;
      lost = true;
      origin.take(request);
      return { kind: "unreachable", reason: "broken", detail: "" };
    };
    await put(edges[0], "one");
    await settled();
    await flushed(edges[1]);
    expect(origin.asked.filter(({ method }) => method === "PUT")).toHaveLength(2);
    expect(origin.taken).toHaveLength(1);
  });

  test("that took a write without saying so, and has something newer since, is read when it says so", async () => {
    const tries = 3;
    let left = tries;
    origin.instead = (request) => {
      if (request.method !== "PUT" || left === 0) return null;
      left -= 1;
      origin.take(request);
      return { kind: "unreachable", reason: "broken", detail: "" };
    };
    await put(edges[0], "one");
    await settled();
    origin.values.set(URL_OF, "changed at the origin");
    await plane.call("/invalidate", { urls: [URL_OF] });
    for (let round = 0; round < tries; round++) {
      expect(await read(edges[0])).toBe("200 one");
      for (const edge of edges) await edge.view.pull(background);
      await flushed(edges[round % 2 === 0 ? 1 : 0]);
    }
    expect(await figures()).toMatchObject({ delivered: 1, pending: 0 });
    expect(await read(edges[0])).toBe("200 changed at the origin");
  });

  test("is asked no later than its claim lasts, and a claim that ended is heard no more", async () => {
    const hanging = Promise.withResolvers<void>();
    origin.instead = async (request) => {
      if (request.method !== "PUT") return null;
      origin.instead = null;
      await hanging.promise;
      return answer(500, "too late");
    };
    await put(edges[0], "one");
    await until("it is on its way", () => origin.asked.length > 0);
    now += 60_000;
    for (let partition = 0; partition < 8; partition++)
      kickFlush(edges[1], { shard: "one", partition }, background);
    await until("somebody else delivers it", () => origin.taken.length === 1);
    await until("and says so", async () => (await figures()).delivered === 1);
    await put(edges[1], "two");
    hanging.resolve();
    await settled();
    await flushed(edges[1]);
    expect(origin.taken.map(({ body }) => body)).toEqual(["one", "two"]);
    expect(await figures()).toMatchObject({ accepted: 2, delivered: 2, pending: 0, deadLettered: 0 });
  });

  test("is heard no more after its claim has ended, not even of what somebody else carries by now", async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const gates = [first, second];
    origin.instead = async (request) => {
      const gate = request.method === "PUT" ? gates.shift() : undefined;
      await gate?.promise;
      // What was sent first fails; nobody is told before the second is under way.
      return gate === first ? answer(422, "too late") : null;
    };
    await put(edges[0], "one");
    await until("it is on its way", () => gates.length === 1);
    now += 60_000;
    for (let partition = 0; partition < 8; partition++)
      kickFlush(edges[1], { shard: "one", partition }, background);
    await until("somebody else carries it", () => gates.length === 0);
    first.resolve();
    await until("the first has said so", () => edges[0].flushing.get("one")?.run === null);
    expect(await figures()).toMatchObject({ pending: 1, deadLettered: 0 });
    second.resolve();
    await settled();
    expect(await figures()).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
  });

  test("that refuses one for good parks its key until somebody has decided", async () => {
    origin.instead = ({ method, body }) =>
      method === "PUT" && body.kind === "bytes" && new TextDecoder().decode(body.bytes) === "bad"
        ? answer(422, "no")
        : null;
    const url = "http://origin.test/each/1";
    const id = headerValue((await put(edges[0], "bad", { url })).headers, "tidegate-journal") ?? "";
    await settled();
    const good = headerValue((await put(edges[0], "good", { url })).headers, "tidegate-journal") ?? "";
    await flushed(edges[0]);
    expect(origin.taken).toEqual([]);
    expect(await figures()).toMatchObject({ accepted: 2, delivered: 0, pending: 1, deadLettered: 1 });
    const listed = await journal("?state=dead-lettered");
    expect(listed.items).toMatchObject([{ id, state: "dead-lettered", why: "status 422", url }]);
    expect(await read(edges[0], { method: "POST", body: "more", url })).toMatch(/^503 .*write-waits/);
    const auth = { authorization: "Bearer admin-token" };
    const retried = (which: string) =>
      plane.ask(`/journal/${which}/retry`, { method: "POST", headers: auth });
    expect(await retried(good)).toMatchObject({ status: 202, json: { id: good, state: "behind" } });
    expect(await retried(id)).toMatchObject({ status: 202, json: { id, state: "pending" } });
    await flushed(edges[0]);
    expect(await figures()).toMatchObject({ deadLettered: 1 });
    expect((await plane.ask(`/journal/${id}`, { method: "DELETE", headers: auth })).status).toBe(204);
    expect((await plane.call(`/journal/${id}`)).status).toBe(404);
    await flushed(edges[0]);
    expect(origin.taken.map(({ body }) => body)).toEqual(["good"]);
    expect(await figures()).toMatchObject({
      accepted: 2,
      delivered: 1,
      pending: 0,
      deadLettered: 0,
      dropped: 1,
    });
  });

  test("what is decided, and too few replicas have, is a 503, and its URL is purged all the same", async () => {
    closed();
    const id = headerValue((await put(edges[0], "one")).headers, "tidegate-journal") ?? "";
    await settled();
    plane.plane.journal.change = async () => ({ kind: "unreplicated" });
    const headers = { authorization: "Bearer admin-token" };
    const before = (await plane.call("/invalidations")).json.items.length;
    for (const [path, method] of [
      [`/journal/${id}/retry`, "POST"],
      [`/journal/${id}`, "DELETE"],
    ] as const)
      expect(await plane.ask(path, { method, headers })).toMatchObject({
        status: 503,
        json: { detail: expect.stringContaining("too few replicas") },
      });
    expect((await plane.call("/invalidations")).json.items).toHaveLength(before + 1);
  });

  test("a write that is given up leaves what was written before it", async () => {
    const open = closed();
    const url = "http://origin.test/each/1";
    await put(edges[0], "one", { url });
    const id = headerValue((await put(edges[0], "two", { url })).headers, "tidegate-journal") ?? "";
    await settled();
    const headers = { authorization: "Bearer admin-token" };
    expect((await plane.ask(`/journal/${id}`, { method: "DELETE", headers })).status).toBe(204);
    expect(await read(edges[1], { url })).toBe("200 one");
    open();
  });
});

describe("a write that the origin refuses for good", () => {
  const PLANE = { authorization: "Bearer admin-token" };
  const drop = async (id: string): Promise<number> =>
    (await plane.ask(`/journal/${id}`, { method: "DELETE", headers: PLANE })).status;

  /** The origin says so to every write. */
  const refuses = (status: number): void => {
    origin.instead = ({ method }) => (method === "GET" ? null : answer(status, "no"));
  };

  test.each([301, 400, 401, 403, 404, 405, 410, 413, 415, 422, 451])(
    "by %i is read by nobody from then on, and waits for somebody to decide",
    async (status) => {
      origin.values.set(URL_OF, "the origin's");
      refuses(status);
      const id = headerValue((await put(edges[0], "<script>")).headers, "tidegate-journal") ?? "";
      await settled();
      for (const edge of edges) expect(await read(edge)).toBe("200 the origin's");
      expect((await journal("?state=dead-lettered")).items).toMatchObject([{ id, why: `status ${status}` }]);
      expect(await figures()).toMatchObject({ accepted: 1, deadLettered: 1, values: 0 });
    },
  );

  test("keeps what was written behind it from being read", async () => {
    origin.values.set(URL_OF, "the origin's");
    const first = Promise.withResolvers<void>();
    origin.instead = async ({ method }) => {
      if (method === "GET") return null;
      await first.promise;
      return answer(403, "no");
    };
    const id = headerValue((await put(edges[0], "<script>")).headers, "tidegate-journal") ?? "";
    await until("it is on its way", () => origin.asked.length > 0);
    await put(edges[0], "<script>, too");
    first.resolve();
    await settled();
    expect(await read(edges[1])).toBe("200 the origin's");
    expect((await put(edges[0], "<script> and again")).status).toBe(202);
    expect(await read(edges[1])).toBe("200 the origin's");
    // Each of them is the origin's to judge, when somebody has decided about the one before.
    expect(await drop(id)).toBe(204);
    await flushed(edges[0]);
    expect(await read(edges[1])).toBe("200 the origin's");
    expect(await figures()).toMatchObject({ accepted: 3, merged: 1, dropped: 1, deadLettered: 2 });
  });

  test("leaves what it would have deleted", async () => {
    origin.values.set(URL_OF, "the origin's");
    refuses(403);
    expect((await ask(edges[0], { method: "DELETE" })).status).toBe(202);
    await settled();
    expect(await read(edges[1])).toBe("200 the origin's");
    expect(await figures()).toMatchObject({ deadLettered: 1 });
  });

  test("and is taken when it is tried again is read from the origin", async () => {
    origin.values.set(URL_OF, "before");
    refuses(403);
    const id = headerValue((await put(edges[0], "one")).headers, "tidegate-journal") ?? "";
    await settled();
    expect(await read(edges[1])).toBe("200 before");
    origin.instead = null;
    expect((await plane.ask(`/journal/${id}/retry`, { method: "POST", headers: PLANE })).status).toBe(202);
    await flushed(edges[0]);
    for (const edge of edges) expect(await read(edge)).toBe("200 one");
    expect(await figures()).toMatchObject({ delivered: 1, deadLettered: 0, operations: 0 });
  });

  test("has its successors' conditions answered by the origin, when they may go there", async () => {
    origin.values.set(URL_OF, "the origin's");
    refuses(403);
    const reply = await put(edges[0], "one");
    const [id, etag] = ["tidegate-journal", "etag"].map((name) => headerValue(reply.headers, name) ?? "");
    await settled();
    const asked = origin.asked.length;
    told.replies = 0;
    const next = put(edges[1], "two", { headers: [["if-match", etag ?? ""]] });
    await until("it waits for its turn", () => told.replies > 3);
    origin.instead = ({ method, headers }) =>
      method === "PUT" && headerValue(headers, "if-match") === etag ? answer(412, "not mine") : null;
    expect(origin.asked.length).toBe(asked);
    expect(await drop(id ?? "")).toBe(204);
    expect((await next).status).toBe(412);
    expect(await read(edges[0])).toBe("200 the origin's");
  });

  test("and may have taken before, without saying so, leaves nothing older", async () => {
    origin.values.set(URL_OF, "before");
    let writing = (request: OriginRequest): OriginOutcome => {
      origin.take(request);
      return { kind: "unreachable", reason: "broken", detail: "" };
    };
    // What is read may be kept.
    origin.instead = (request) => {
      if (request.method !== "GET") return writing(request);
      const plain = answer(200, origin.values.get(URL_OF) ?? "");
      return plain.kind === "answer" ? { ...plain, headers: [["cache-control", "max-age=600"]] } : plain;
    };
    expect(await read(edges[1])).toBe("200 before");
    await settled();
    await put(edges[0], "written");
    await settled();
    writing = () => answer(403, "no");
    await flushed(edges[0]);
    expect(await figures()).toMatchObject({ deadLettered: 1 });
    expect(await read(edges[1])).toBe("200 written");
    await settled();
    // Nor does it where it is refused once more, or taken then: each time is another entry of the log.
    for (const status of [403, 204]) {
      origin.values.set(URL_OF, `changed by ${status}`);
      expect(await read(edges[1])).not.toBe(`200 changed by ${status}`);
      writing = () => answer(status, "");
      const [{ id }] = (await journal("?state=dead-lettered")).items;
      await plane.ask(`/journal/${id}/retry`, { method: "POST", headers: PLANE });
      await flushed(edges[0]);
      expect(await read(edges[1])).toBe(`200 changed by ${status}`);
      await settled();
    }
  });

  test("is withdrawn also where the log can't be told that it may have been taken before", async () => {
    closed();
    await put(edges[0], "one");
    await settled();
    refuses(403);
    const silent = createLog({ run: async () => ({ kind: "unavailable", reason: "away" }) }, LOG_LIMITS);
    Object.assign(edges[0].log, { append: silent.append });
    await flushed(edges[0]);
    expect(await figures()).toMatchObject({ deadLettered: 1, values: 0 });
    expect(edges[0].unsent.size).toBe(1);
  });

  test("is another one than what it has failed for a day, which is read on", async () => {
    closed();
    await put(edges[0], "one");
    await settled();
    now += 25 * 3_600_000;
    await flushed(edges[0]);
    expect(await figures()).toMatchObject({ deadLettered: 1 });
    expect(await read(edges[1])).toBe("200 one");
  });
});

test("of what the log can't be told of deliveries, the edge keeps what the journal does not remember", async () => {
  const { append } = edges[0].log;
  const silent = createLog({ run: async () => ({ kind: "unavailable", reason: "away" }) }, LOG_LIMITS);
  Object.assign(edges[0].log, { append: silent.append });
  await put(edges[0], "one");
  await settled();
  expect((await journal()).items).toMatchObject([{ state: "delivered" }]);
  expect(edges[0].unsent.size).toBe(0);
  const beside = "http://origin.test/session/2";
  origin.instead = (request) => ({
    ...(origin.take(request) as OriginOutcome & { kind: "answer" }),
    headers: [["content-location", "/beside"]],
  });
  await put(edges[0], "two", { url: beside });
  await settled();
  expect(edges[0].unsent.size).toBe(1);
  Object.assign(edges[0].log, { append });
  await flushed(edges[0]);
  expect(await figures()).toMatchObject({ delivered: 2, pending: 0 });
});

describe("conditions on a write", () => {
  test("are answered by the value that was written last, also where the origin does not have it", async () => {
    closed();
    const first = headerValue((await put(edges[0], "one")).headers, "etag") ?? "";
    const second = await put(edges[1], "two", { headers: [["if-match", first]] });
    expect(second.status).toBe(202);
    const lost = await put(edges[0], "three", { headers: [["if-match", first]] });
    expect(lost.status).toBe(412);
    expect(headerValue(lost.headers, "etag")).toBe(headerValue(second.headers, "etag"));
    expect((await put(edges[0], "three", { headers: [["if-none-match", "*"]] })).status).toBe(412);
    expect(await read(edges[0])).toBe("200 two");
    await ask(edges[0], { method: "DELETE" });
    expect((await put(edges[0], "new", { headers: [["if-none-match", "*"]] })).status).toBe(202);
  });

  test("on what only the origin holds are the origin's to answer", async () => {
    origin.instead = ({ method, headers }) =>
      method === "PUT" && headerValue(headers, "if-match") === '"theirs"' ? answer(412, "no") : null;
    expect((await put(edges[0], "one", { headers: [["if-match", '"theirs"']] })).status).toBe(412);
  });
});

describe("a request that is sent again with its Idempotency-Key", () => {
  test("is the same write, and another one under the same key is refused", async () => {
    const headers: HeaderList = [["idempotency-key", "k1"]];
    const ids = [];
    for (const edge of edges)
      ids.push(headerValue((await put(edge, "one", { headers })).headers, "tidegate-journal"));
    expect(new Set(ids).size).toBe(1);
    expect((await put(edges[0], "two", { headers })).status).toBe(422);
    expect(await figures()).toMatchObject({ accepted: 1 });
  });

  test("is the same write by whichever of the site's names it comes, and not in another spelling", async () => {
    const headers: HeaderList = [["idempotency-key", "k1"]];
    const ids = [];
    for (const host of ["origin.test", "edge.test:8787"]) {
      const reply = await put(edges[0], "one", { headers, url: `http://${host}/session/1` });
      ids.push(headerValue(reply.headers, "tidegate-journal"));
    }
    expect(ids[0]).toMatch(/./);
    expect(new Set(ids).size).toBe(1);
    const query: Asking = { headers, url: `${URL_OF}?from=here` };
    expect((await put(edges[0], "one", query)).status).toBe(422);
    expect(await figures()).toMatchObject({ accepted: 1 });
  });

  test("upon a condition is the same write only upon the same one, and only of the same kind and URL", async () => {
    const held = headerValue((await put(edges[0], "one")).headers, "etag") ?? "";
    const key: HeaderList = [["idempotency-key", "k1"]];
    const condition: HeaderList = [...key, ["if-match", held]];
    const url = "http://origin.test/session/1?from=here";
    const first = await put(edges[0], "two", { headers: condition });
    const again = await put(edges[1], "two", { headers: condition });
    expect(headerValue(again.headers, "tidegate-journal")).toBe(
      headerValue(first.headers, "tidegate-journal"),
    );
    const others: Asking[] = [
      { headers: key },
      { headers: [...key, ["if-match", "*"]] },
      { headers: [...condition, ["if-none-match", '"x"']] },
      { headers: [...condition, ["content-language", "de"]] },
      { headers: condition, url },
    ];
    for (const other of others) expect((await put(edges[0], "two", other)).status).toBe(422);
    expect((await ask(edges[0], { method: "DELETE", headers: condition })).status).toBe(422);
    expect(await figures()).toMatchObject({ accepted: 2 });
  });
});

describe("what the journal can't hold", () => {
  test("goes to the origin, but not past what waits", async () => {
    await put(edges[0], "one");
    const reply = await ask(edges[1], { method: "POST", body: "posted" });
    expect(reply.status).toBe(204);
    expect(origin.taken.map(({ body }) => body)).toEqual(["one", "posted"]);
    expect(await read(edges[0])).toBe("200 posted");
  });

  test("is what the origin may take for another method, too: nothing is read of it that is not there", async () => {
    await put(edges[0], "one");
    origin.instead = ({ headers }) =>
      headerValue(headers, "x-http-method-override") === null ? null : answer(200, "patched");
    const patch: HeaderList = [["x-http-method-override", "PATCH"]];
    expect(await textOf(await put(edges[1], "a patch", { headers: patch }))).toBe("200 patched");
    expect(origin.taken.map(({ body }) => body)).toEqual(["one"]);
    expect(await read(edges[0])).toBe("200 one");
  });

  test("is kept from it while something waits, without fetching that again and again", async () => {
    const open = closed();
    await put(edges[0], "x".repeat(20_000));
    await settled();
    told = { replies: 0, characters: 0 };
    const posted = ask(edges[1], { method: "POST", body: "posted" });
    await until("it has asked again", () => told.replies > 3);
    expect(told.characters).toBeLessThan(10_000);
    open();
    now += 60_000;
    await flushed(edges[0]);
    expect((await posted).status).toBe(204);
    expect(origin.taken.at(-1)?.body).toBe("posted");
  });

  test("is written through beyond the journal's depth where nothing of its key waits, and refused where something does", async () => {
    closed();
    const full = bareEdge(redis, origin, undefined, { journal: { depth: 1 } });
    await full.view.pull(background);
    await put(full, "one");
    await settled();
    origin.instead = null;
    const through = await put(full, "two", { url: "http://origin.test/session/2" });
    expect(through.status).toBe(204);
    expect(origin.values.get("http://origin.test/session/2")).toBe("two");
    closed();
    const other = "http://origin.test/each/3";
    const deep = bareEdge(redis, origin, undefined, { journal: { depth: 2 } });
    await deep.view.pull(background);
    await put(deep, "three", { url: other });
    const refused = await put(deep, "four", { url: other });
    expect([refused.status, headerValue(refused.headers, "retry-after")]).toEqual([503, "1"]);
  });
});

test("what nobody has written is said to be stored in L2, and no nearer", async () => {
  origin.instead = () => {
    const plain = answer(200, "the origin's");
    return plain.kind === "answer" ? { ...plain, headers: [["cache-control", "max-age=600"]] } : plain;
  };
  const { cacheStatus } = await ask(edges[0]);
  expect(cacheStatus).toMatch(/^tidegate-l2; [^,]*; stored, tidegate-l1; [^,]*$/);
  expect(cacheStatus).not.toMatch(/tidegate-l1; .*stored/);
});

test("explaining a URL says what the journal holds of it, and is no use of that", async () => {
  const open = closed();
  await put(edges[0], "one");
  const request = {
    ...({
      method: "GET",
      url: URL_OF,
      background,
      purpose: "client",
      arrivedAt: edges[1].clock.now(),
    } as const),
    ...{ body: NO_BODY, header: () => null, headers: () => [] },
  };
  expect((await explain(edges[1], request)).journal).toMatchObject({
    kind: "value",
    bytes: 3,
    verifiedTo: null,
  });
  open();
  await flushed(edges[0]);
  now += 29 * 60_000;
  const later = (await explain(edges[1], request)).journal;
  expect(later).toMatchObject({ kind: "value", verifiedTo: expect.stringMatching(/^\d+-\d+$/) });
  now += 2 * 60_000;
  expect((await explain(edges[1], request)).journal).toEqual({ kind: "nothing" });
});

describe("a policy that writes wait by", () => {
  const change = (method: "PUT" | "DELETE", row?: object) =>
    plane.ask("/policies/sessions", {
      method,
      headers: { ...AUTHORIZED, "content-type": "application/json", "if-match": "*" },
      ...(row && { body: JSON.stringify(row) }),
    });
  const ROW = POLICIES[0];

  test.each([
    ["taken out", "DELETE", undefined],
    ["written around", "PUT", { ...ROW, write_policy: "write-around" }],
    ["of another key", "PUT", { ...ROW, key: { headers: ["x-user"] } }],
    ["of another pattern", "PUT", { ...ROW, key_pattern: "/sessions/*" }],
    ["everybody's", "PUT", { ...ROW, write_back: { shared: true } }],
  ] as const)("is not %s before they are delivered", async (_, method, row) => {
    const open = closed();
    await put(edges[0], "one");
    const refused = await change(method, row);
    expect([refused.status, refused.json.code]).toEqual([409, "in-use"]);
    expect(refused.json.detail).toContain(URL_OF);
    open();
    await flushed(edges[0]);
    expect((await change(method, row)).status).toBeLessThan(300);
  });

  test("keeps its site, and the site its names", async () => {
    const open = closed();
    await put(edges[0], "one");
    const site = (await plane.ask("/sites/default", { headers: AUTHORIZED })).json;
    const headers = { ...AUTHORIZED, "content-type": "application/json", "if-match": "*" };
    const renamed = () =>
      plane.ask("/sites/default", {
        ...{ method: "PUT", headers },
        body: JSON.stringify({ ...site, hosts: ["other.test"], canonical_host: "other.test" }),
      });
    const removed = () => plane.ask("/sites/default?policies=delete", { method: "DELETE", headers });
    const taken = () =>
      plane.call("/sites", { name: "thief", hosts: ["origin.test"], canonical_host: "origin.test" });
    for (const refused of [await renamed(), await removed(), await taken()])
      expect([refused.status, refused.json.code]).toEqual([409, "in-use"]);
    open();
    await flushed(edges[0]);
    expect((await renamed()).status).toBe(200);
    expect((await removed()).status).toBe(204);
  });

  test("may not be changed where nobody knows whether writes wait", async () => {
    const none = { kind: "page", operations: [], next: null } as const;
    plane.plane.journal.list = async () => ({ ...none, silent: ["two"] });
    expect((await change("PUT", { ...ROW, write_policy: "write-around" })).status).toBe(503);
    plane.plane.journal.list = async () => ({ kind: "unavailable", reason: "away" });
    expect((await change("PUT", { ...ROW, ttl: "10m" })).status).toBe(503);
    const behind = { id: "last", key_pattern: "/s", class: "hot", priority: -1 };
    expect((await plane.call("/policies", behind)).status).toBe(201);
  });

  test("may be changed in what they don't hang by", async () => {
    closed();
    await put(edges[0], "one");
    expect((await change("PUT", { ...ROW, ttl: "10m" })).status).toBe(200);
  });
});

describe("a value that edges write by turns, none of which has heard of the others' deliveries", () => {
  let writers: readonly Edge[];
  beforeEach(async () => {
    writers = [...edges, bareEdge(redis, origin), bareEdge(redis, origin)];
    for (const edge of writers) await edge.view.pull(background);
  });

  /** Each write is delivered before the next edge takes one; null takes the value out. */
  async function written(bodies: readonly (string | null)[], from = 0): Promise<void> {
    for (const [at, body] of bodies.entries()) {
      const writer = writers[from + at] as Edge;
      const reply = await (body === null ? ask(writer, { method: "DELETE" }) : put(writer, body));
      expect(reply.status).toBe(202);
      await settled();
      expect(origin.taken.at(-1)?.body).toBe(body ?? "");
    }
    expect(await figures()).toMatchObject({ pending: 0 });
  }

  async function readOn(body: string): Promise<void> {
    origin.asked.length = 0;
    for (const edge of writers) expect(await read(edge)).toBe(`200 ${body}`);
    expect(origin.asked).toEqual([]);
  }

  test("is read on after each delivery, and the origin is not asked for it", async () => {
    await written(["one", "two"]);
    await readOn("two");
    await written(["three", "four"], 2);
    await readOn("four");
  });

  test("is read on also where there was none in between", async () => {
    await written(["one", null, "three"]);
    await readOn("three");
  });

  test("is read on again after a write that something else has hit", async () => {
    await written(["one"]);
    await plane.call("/invalidate", { urls: [URL_OF] });
    await written(["two"], 1);
    origin.values.set(URL_OF, "changed at the origin");
    expect(await read(edges[0])).toBe("200 changed at the origin");
    await written(["three"], 2);
    await readOn("three");
  });

  test("is the origin's where an invalidation came upon it while it was being delivered", async () => {
    await written(["one"]);
    origin.instead = async (request) => {
      if (request.method !== "PUT") return null;
      origin.instead = null;
      const taken = origin.take(request);
      origin.values.set(URL_OF, "changed at the origin");
      await plane.call("/invalidate", { urls: [URL_OF] });
      return taken;
    };
    await written(["two"], 1);
    for (const edge of writers) expect(await read(edge)).toBe("200 changed at the origin");
  });
});

describe("a write that names another's URL in its answer", () => {
  const [a, b] = ["http://origin.test/session/a", "http://origin.test/session/b"] as const;

  test.each([
    ["names nothing", {}, "200 written b"],
    ["says that the other has changed", { "content-location": "/session/b" }, "200 as the first made it"],
  ])("that %s, delivered with it", async (_, said, expected) => {
    closed();
    await Promise.all([put(edges[0], "written b", { url: b }), put(edges[0], "written a", { url: a })]);
    const takenB = Promise.withResolvers<void>();
    origin.instead = async (request) => {
      if (request.method !== "PUT") return null;
      if (request.url === a) await takenB.promise;
      const taken = origin.take(request);
      if (request.url === b) takenB.resolve();
      if (request.url === a && "content-location" in said) origin.values.set(b, "as the first made it");
      return taken.kind === "answer" && request.url === a
        ? { ...taken, headers: Object.entries(said) }
        : taken;
    };
    await flushed(edges[0]);
    expect(origin.taken.map(({ url }) => url)).toEqual([b, a]);
    expect(await read(edges[1], { url: b })).toBe(expected);
  });
});

test("a write of the same URL by somebody else, delivered with it, is read by both", async () => {
  const mine: HeaderList = [["cookie", "sid=a"]];
  const others: HeaderList = [["cookie", "sid=b"]];
  const url = "http://origin.test/session/a";
  closed();
  await Promise.all([
    put(edges[0], "mine", { url, headers: mine }),
    put(edges[0], "theirs", { url, headers: others }),
  ]);
  const takenMine = Promise.withResolvers<void>();
  origin.instead = async (request) => {
    if (request.method !== "PUT") return null;
    const isMine = headerValue(request.headers, "cookie") === "sid=a";
    if (!isMine) await takenMine.promise;
    const taken = origin.take(request);
    if (isMine) takenMine.resolve();
    return taken;
  };
  await flushed(edges[0]);
  expect(origin.taken.map(({ body }) => body)).toEqual(["mine", "theirs"]);
  for (const headers of [mine, others]) expect(await read(edges[1], { url, headers })).toBe("200 theirs");
});

describe("whose a value is", () => {
  test("is told by the cookie too, unless the policy says that it is everybody's", async () => {
    closed();
    const mine: HeaderList = [["cookie", "sid=a"]];
    const others: HeaderList = [["cookie", "sid=b"]];
    await put(edges[0], "mine", { headers: mine });
    await put(edges[1], "theirs", { headers: others });
    expect(await read(edges[1], { headers: mine })).toBe("200 mine");
    expect(await read(edges[0], { headers: others })).toBe("200 theirs");
    const url = "http://origin.test/board/1";
    await put(edges[0], "everybody's", { url, headers: mine });
    expect(await read(edges[1], { url, headers: others })).toBe("200 everybody's");
  });

  test("is told by the cookie where the origin is asked, too: what it answers him is for nobody else", async () => {
    const asked: string[] = [];
    origin.instead = ({ headers }) => {
      const sid = headerValue(headers, "cookie") ?? "nobody";
      asked.push(sid);
      return answer(200, `of ${sid}`);
    };
    const mine: HeaderList = [["cookie", "sid=a"]];
    const others: HeaderList = [["cookie", "sid=b"]];
    const url = "http://origin.test/session/unwritten";
    expect(await read(edges[0], { url, headers: mine })).toBe("200 of sid=a");
    expect(await read(edges[1], { url, headers: others })).toBe("200 of sid=b");
    expect(await read(edges[0], { url })).toBe("200 of nobody");
    await settled();
    expect(await read(edges[1], { url })).toBe("200 of nobody");
    expect(await read(edges[1], { url, headers: mine })).toBe("200 of sid=a");
    expect(asked).toEqual(["sid=a", "sid=b", "nobody", "sid=a"]);
    const board = "http://origin.test/board/unwritten";
    await read(edges[0], { url: board, headers: mine });
    await settled();
    expect(await read(edges[1], { url: board, headers: others })).toBe("200 of sid=a");
  });

  test("is told by the cookie at an edge that knows the log by the data centre alone, too", async () => {
    const blobs = memoryBlobs();
    await bareEdge(redis, origin, undefined, { blobs }).view.pull(background);
    await settled();
    const away: Redis = { run: async () => ({ kind: "unavailable", reason: "away" }) };
    const cold = bareEdge(away, origin, createLog(away, LOG_LIMITS), {
      ...{ blobs, journal: { databases: new Map([["one", redis]]) } },
    });
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    const all = Promise.withResolvers<void>();
    origin.instead = async ({ headers }) => {
      asked += 1;
      if (asked === 3) all.resolve();
      await gate.promise;
      const plain = answer(200, `of ${headerValue(headers, "cookie")}`);
      return plain.kind === "answer" ? { ...plain, headers: [["cache-control", "max-age=600"]] } : plain;
    };
    const url = "http://origin.test/session/unwritten";
    const reads = ["a", "b", "c"].map((sid) => read(cold, { url, headers: [["cookie", `sid=${sid}`]] }));
    await all.promise;
    gate.resolve();
    expect(await Promise.all(reads)).toEqual(["200 of sid=a", "200 of sid=b", "200 of sid=c"]);
  });

  test("does not hang by what one edge has learnt of its query", async () => {
    const [written, other] = [`${URL_OF}?a=1&t=1`, `${URL_OF}?a=1&t=9`];
    closed();
    await put(edges[0], "written", { url: written });
    origin.instead = ({ method }) => {
      if (method !== "GET") return answer(503, "closed");
      const plain = answer(200, "the origin's");
      if (plain.kind !== "answer") return plain;
      return {
        ...plain,
        headers: [...plain.headers, ["no-vary-search", 'params=("t")'], ["cache-control", "max-age=60"]],
      };
    };
    expect(await read(edges[1], { url: other })).toBe("200 the origin's");
    expect(await read(edges[1], { url: written })).toBe("200 written");
  });
});

describe("an edge that has not heard of a policy yet", () => {
  test("asks before it writes: what others write goes to the journal already", async () => {
    closed();
    const url = "http://origin.test/plain/1";
    await plane.call("/policies", { id: "later", key_pattern: "/plain/*", class: "session" });
    await edges[0].view.pull(background);
    expect((await put(edges[0], "first", { url })).status).toBe(202);
    const view = edges[1].view.current();
    if (view !== null) view.knownAt = earlier(edges[1].clock.now(), seconds(6));
    expect((await put(edges[1], "second", { url })).status).toBe(202);
    expect(await read(edges[0], { url })).toBe("200 second");
  });
});

describe("what the origin may have taken", () => {
  test("a merged write is another one than the origin was sent before", async () => {
    const open = closed();
    await put(edges[0], "one");
    await settled();
    for (const body of ["two", "three"]) await put(edges[0], body);
    open();
    for (let round = 0; round < 3; round++) await flushed(edges[0]);
    const keys = origin.asked.flatMap(({ headers }) => headerValue(headers, "idempotency-key") ?? []);
    expect(new Set(keys).size).toBe(2);
    expect(origin.values.get(URL_OF)).toBe("three");
  });

  test("there is nothing to delete where nothing is", async () => {
    origin.instead = ({ method }) => (method === "DELETE" ? answer(404, "nothing") : null);
    await ask(edges[0], { method: "DELETE" });
    await flushed(edges[0]);
    expect(await figures()).toMatchObject({ delivered: 1, deadLettered: 0, pending: 0 });
  });

  test("of a write that is given up nothing older is served", async () => {
    origin.values.set(URL_OF, "before");
    const getting = origin.fetch.bind(origin);
    origin.instead = async (request) => {
      if (request.method === "PUT") {
        origin.take(request);
        return { kind: "unreachable", reason: "broken", detail: "" };
      }
      origin.instead = null;
      const got = await getting(request);
      return got.kind === "answer" ? { ...got, headers: [["cache-control", "max-age=600"]] } : got;
    };
    const putting = origin.instead;
    expect(await read(edges[1])).toBe("200 before");
    await settled();
    origin.instead = putting;
    const id = headerValue((await put(edges[0], "written")).headers, "tidegate-journal") ?? "";
    await settled();
    const headers = { authorization: "Bearer admin-token" };
    expect((await plane.ask(`/journal/${id}`, { method: "DELETE", headers })).status).toBe(204);
    origin.instead = null;
    expect(await read(edges[1])).toBe("200 written");
  });

  test("a POST that the log has not heard of leaves no older value", async () => {
    await put(edges[0], "one");
    await flushed(edges[0]);
    const silent = createLog({ run: async () => ({ kind: "unavailable", reason: "away" }) }, LOG_LIMITS);
    const append = edges[0].log.append;
    Object.assign(edges[0].log, { append: silent.append });
    expect((await ask(edges[0], { method: "POST", body: "posted" })).status).toBe(204);
    expect(await read(edges[1])).toBe("200 posted");
    Object.assign(edges[0].log, { append });
  });
});

describe("values", () => {
  test("end when nobody has used them for their life, and are counted then", async () => {
    await put(edges[0], "one");
    await flushed(edges[0]);
    for (let quarter = 0; quarter < 4; quarter++) {
      now += 20 * 60_000;
      expect(await read(edges[quarter % 2] as Edge)).toBe("200 one");
    }
    expect(await figures()).toMatchObject({ values: 1, ended: 0 });
    now += 31 * 60_000;
    await plane.plane.journal.tend();
    expect(await figures()).toMatchObject({ values: 0, ended: 1, octets: 0 });
    origin.values.set(URL_OF, "the origin's");
    expect(await read(edges[0])).toBe("200 the origin's");
  });

  test("that the origin has give way to others, and what it has not never does", async () => {
    const small = bareEdge(redis, origin, undefined, { journal: { valueOctets: bytes(4000) } });
    await small.view.pull(background);
    const url = (at: number): string => `http://origin.test/session/${at}`;
    await put(small, "one", { url: url(1) });
    await flushed(small);
    const open = closed();
    for (const at of [2, 3, 4]) await put(small, "more", { url: url(at) });
    const { values, evicted, octets } = await figures();
    expect([values, evicted, octets < 4000]).toEqual([3, 1, true]);
    await settled();
    // Nothing gives way any more: what is new goes through, to an origin that takes nothing.
    expect((await put(small, "through", { url: url(5) })).status).toBe(503);
    expect(await read(small, { url: url(2) })).toBe("200 more");
    open();
  });
});

test("an edge that has just begun learns whose the origins are before it delivers, and delivers nothing where it can't", async () => {
  const open = closed();
  await put(edges[0], "one");
  await settled();
  open();
  const silent = createLog({ run: async () => ({ kind: "unavailable", reason: "away" }) }, LOG_LIMITS);
  await flushed(bareEdge(redis, origin, silent));
  expect(origin.taken).toEqual([]);
  await flushed(bareEdge(redis, origin));
  expect(origin.taken.map(({ body }) => body)).toEqual(["one"]);
});

describe("an edge that begins while the log can't be reached", () => {
  test("knows from its data centre what goes to the journal, and neither reads nor writes past that", async () => {
    const blobs = memoryBlobs();
    const before = bareEdge(redis, origin, undefined, { blobs });
    await before.view.pull(background);
    await settled();
    origin.values.set(URL_OF, "older");
    closed();
    await put(before, "newer");
    const away: Redis = { run: async () => ({ kind: "unavailable", reason: "away" }) };
    const databases = new Map([["one", redis]]);
    const cold = bareEdge(away, origin, createLog(away, LOG_LIMITS), { blobs, journal: { databases } });
    expect(await read(cold)).toBe("200 newer");
    expect((await put(cold, "newest")).status).toBe(202);
    expect(await read(edges[0])).toBe("200 newest");
    // What no policy brings to the journal goes to the origin, as ever.
    origin.instead = null;
    expect((await put(cold, "plain", { url: "http://origin.test/plain" })).status).toBe(204);
  });
});

describe("while the journal can't be reached", () => {
  test("nothing is acknowledged, and nobody gets the origin's older value", async () => {
    origin.values.set(URL_OF, "older");
    closed();
    await put(edges[0], "newer");
    away = "away";
    expect(await read(edges[1])).toMatch(/^503 .*journal-unreachable/);
    expect(await textOf(await put(edges[0], "newest"))).toMatch(/^503 .*is not known/);
    away = null;
    expect(await read(edges[1])).toBe("200 newer");
  });

  test.each(["full", "MISCONF", "NOREPLICAS", "READONLY"])(
    "or takes no writes (%s), who writes is told that it has not",
    async (reason) => {
      away = reason;
      expect(await textOf(await put(edges[0], "newest"))).toMatch(
        /^503 .*journal-unreachable.*has not taken this one/,
      );
    },
  );
});
