// URLs in other spellings, at two edges over one log: they escape neither their policy nor a purge nor a write.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { readWhole } from "../../edge/share-body.ts";
import { kickFlush } from "../../edge/writes/flush.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { namesOf } from "../../shared/core/spelling.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { answer, JournalOrigin } from "../support/journal-origin.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { CLUSTER_KEY, SITES, startPlane, type TestPlane } from "./control-harness.ts";

const POLICIES = [
  { id: "site", key_pattern: "/site/*", class: "standard", ttl: "60s" },
  { id: "account", key_pattern: "/site/account/*", class: "standard", ttl: "60s", key: { cookies: ["sid"] } },
  { id: "section", key_pattern: "/site/of/:section", class: "hot", ttl: "60s", key: { cookies: ["sid"] } },
  { id: "assets", key_pattern: "/assets/*", class: "immutable" },
  { id: "styles", key_pattern: "/*.css", class: "immutable", priority: 1 },
  { id: "sessions", key_pattern: "/session/*", class: "session" },
  { id: "through", key_pattern: "/through/*", class: "hot" },
  { id: "pages", key_pattern: "/pages/*", class: "immutable" },
  { id: "bare", key_pattern: "/bare/*", class: "immutable", key: { query: "none" } },
];

/** Milliseconds that Redis' clock is ahead. */
let ahead: number;
let rest: RestFixture;
let plane: TestPlane;
let origin: JournalOrigin;
let edges: [Edge, Edge];
let tasks: Promise<unknown>[];
const background: Background = { keep: (task) => void tasks.push(task) };

beforeEach(async () => {
  tasks = [];
  ahead = 0;
  rest = await startEmbeddedRest(() => Date.now() + ahead);
  plane = await startPlane(rest, { SITES });
  const env = { CLUSTER_KEY, SITES: JSON.stringify(SITES), POLICIES: JSON.stringify(POLICIES) };
  const { settings } = readEnvironment(env, null);
  const log = createLog(rest.redis, LOG_LIMITS);
  expect(await bootConfiguration({ log, digest: systemDigest, settings })).toEqual({ kind: "done" });
  origin = new JournalOrigin();
  // Says how it has taken its path and who has asked; no two answers are alike.
  origin.instead = ({ method, url, headers }) => {
    if (method !== "GET") return null;
    const { pathname } = new URL(url);
    const text = `${namesOf(pathname).at(-1)} of ${headerValue(headers, "cookie")}, ${origin.asked.length}`;
    const said = answer(200, text);
    return said.kind === "answer" ? { ...said, headers: [["etag", `"${origin.asked.length}"`]] } : said;
  };
  const redis = rest.redis;
  edges = [bareEdge(redis, origin), bareEdge(redis, origin)];
  await pulled();
});

afterEach(async () => {
  await settled();
  await plane.settled();
  await rest.stop();
});

async function settled(): Promise<void> {
  while (tasks.length > 0) await Promise.all(tasks.splice(0));
}

async function pulled(): Promise<void> {
  for (const edge of edges) await edge.view.pull(background);
}

interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: HeaderList;
  readonly cacheStatus: string;
}

async function ask(
  edge: Edge,
  path: string,
  more: { method?: string; sid?: string; control?: string } = {},
): Promise<Got> {
  const { method = "GET", sid, control } = more;
  const headers: HeaderList = [
    ...(sid === undefined ? [] : [["cookie", `sid=${sid}`] as const]),
    ...(control === undefined ? [] : [["cache-control", control] as const]),
  ];
  const reply = await handleRequest(edge, {
    ...{ method, url: `http://origin.test${path}`, background, purpose: "client" },
    ...{ arrivedAt: edge.clock.now(), body: NO_BODY },
    header: (name) => headerValue(headers, name),
    headers: () => headers,
  });
  const { status, body, cacheStatus } = reply;
  const octets = body.kind === "source" ? await readWhole(body.source, 1000) : null;
  const text = new TextDecoder().decode((body.kind === "bytes" ? body.bytes : octets) ?? undefined);
  await settled();
  return { status, text, headers: reply.headers, cacheStatus };
}

/** What an edge says that is asked when another has been, which may have kept what it got. */
async function askedTwice(path: string, more: { method?: string } = {}): Promise<[Got, Got]> {
  return [await ask(edges[0], path, { ...more, sid: "victim" }), await ask(edges[1], path, { sid: "other" })];
}

describe("a page that an account's policy governs is nobody else's", () => {
  test.each([
    ["as the pattern has it", "/site/account/me"],
    ["with an escaped letter", "/site/%61ccount/me"],
    ["with another", "/site/acc%6Funt/me"],
    ["with an escaped slash", "/site/account%2fme"],
    ["with an escaped backslash", "/site/account%5Cme"],
    ["with two slashes", "/site//account/me"],
    ["with a parameter", "/site/account;x=1/me"],
    ["with a slash in a parameter", "/site;x%2Fy/account/me"],
    ["escaped twice", "/site/%2561ccount/me"],
    ["whose one segment holds a slash", "/site/of/me%2Ftoo"],
  ])("%s: %s", async (_how, path) => {
    const [victims, others] = await askedTwice(path);
    expect(victims.text).toContain("of sid=victim");
    expect(others.text).toContain("of sid=other");
  });

  test("and others' pages are kept in whatever spelling", async () => {
    for (const path of ["/site/%70age", "/site/a%2Fb", "/site/a//b", "/site/a;b", "/%C3%A9/%e3%82%ab"]) {
      origin.instead = () => ({ ...answer(200, path), headers: [["cache-control", "max-age=60"]] }) as never;
      const [first] = await askedTwice(path);
      origin.asked.length = 0;
      expect((await ask(edges[1], path)).text).toBe(first.text);
      expect(origin.asked).toEqual([]);
    }
  });
});

describe("of a path that leads elsewhere no cache keeps anything", () => {
  const SPELLINGS = [
    "/assets/..%2fsite%2faccount",
    "/assets/..%5csite",
    "/assets/..;/site",
    "/assets/%252e%252e%252fsite",
    "/site/me;.css",
    "/site/me%3f.css",
    "/site/me%00.css",
    "/assets/.%2fx",
  ];

  test.each(SPELLINGS)("%s", async (path) => {
    const [victims, others] = await askedTwice(path);
    expect(victims.text).toContain("sid=victim");
    expect(others.text).toContain("sid=other");
    expect(victims.cacheStatus).toMatch(/^tidegate-l1; fwd=bypass; fwd-status=200; detail=pass$/);
    // Nor is a browser told to.
    expect(headerValue(victims.headers, "cache-control")).toBeNull();
    expect(origin.asked.at(-1)?.url).toBe(`http://origin.test${path}`);
  });

  test("not even to those who take nothing else, of what was held when the path had one meaning", async () => {
    const path = "/site/elsewhere%2Fme";
    const text = await held(path);
    const key = { cookies: ["sid"] };
    const made = await plane.call("/policies", { key_pattern: "/site/elsewhere/*", class: "standard", key });
    expect(made.status).toBe(201);
    await pulled();
    const only = await ask(edges[0], path, { control: "only-if-cached" });
    expect([only.status, only.text.includes(text)]).toEqual([504, false]);
  });

  test("beside what is", async () => {
    const [first, again] = await askedTwice("/assets/app.js");
    expect(again.text).toBe(first.text);
    expect(headerValue(first.headers, "cache-control")).toBe("max-age=31536000, immutable");
  });

  test("not even what a write is read back for", async () => {
    await ask(edges[0], "/through/..%2fx", { method: "PUT" });
    expect(origin.asked.map(({ method }) => method)).toEqual(["PUT"]);
  });

  test("and the control plane says so", async () => {
    const explained = await plane.call("/policies/explain", { url: "http://origin.test/assets/..%2fx" });
    expect(explained.json.policy).toBe("assets");
    expect(explained.json.settings).toContainEqual(
      expect.objectContaining({ name: "kept", value: "for nobody" }),
    );
    const plain = await plane.call("/policies/explain", { url: "http://origin.test/%61ssets/x" });
    expect(plain.json.policy).toBe("assets");
    expect(plain.json.settings).not.toContainEqual(expect.objectContaining({ name: "kept" }));
    expect(plain.json.selectors).toEqual(
      expect.arrayContaining(["default u origin.test/assets/x", "default u origin.test/%61ssets/x"]),
    );
  });
});

/** Held by both edges: one of them has fetched it, the other has it from the mid-tier. */
async function held(path: string): Promise<string> {
  const [{ text }] = await askedTwice(path);
  origin.asked.length = 0;
  expect((await ask(edges[1], path)).text).toBe(text);
  expect(origin.asked).toEqual([]);
  return text;
}

async function expectGone(path: string, text: string): Promise<void> {
  await pulled();
  for (const edge of edges) expect((await ask(edge, path)).text).not.toBe(text);
}

async function expectHeld(path: string, text: string): Promise<void> {
  await pulled();
  for (const edge of edges) expect((await ask(edge, path)).text).toBe(text);
}

describe("a purge reaches what is held in another spelling", () => {
  test.each([
    ["urls", "/pages/%e3%82%ab", "/pages/カ"],
    ["urls", "/pages/%e3%82%ab", "/pages/%E3%82%AB"],
    ["urls", "/pages/a%2fb", "/pages/a%2Fb"],
    ["urls", "/pages/a%2fb", "/pages/a/b"],
    ["urls", "/pages//a;v=1", "/pages/a"],
    ["urls", "/pages/~u", "/pages/%7Eu"],
    ["urls", "/pages/it's", "/pages/it%27s"],
    ["urls", "/pages/a?k=%76+1", "/pages/a?%6b=v%201"],
    ["urls", "/pages/%7Eu", "/pages/%7Eu"],
    ["prefixes", "/pages/%c3%a9/x", "/pages/é"],
    ["prefixes", "/pages/%61/b", "/pages/a"],
    ["prefixes", "/p%61ges/a/b", "/pages/a"],
    ["prefixes", "/pages/a;v=1/b", "/pages/a"],
    ["prefixes", "/pages/a%2Fb", "/pages/a"],
  ])("%s: %s by %s", async (kind, path, named) => {
    const text = await held(path);
    expect((await plane.call("/invalidate", { [kind]: [named] })).status).toBe(202);
    await expectGone(path, text);
  });

  test.each([
    ["urls", "/pages/a/b", "/pages/a%2Fb"],
    ["urls", "/pages/a?x=1&y=2", "/pages/a?x=1%26y=2"],
    ["urls", "/pages/%2561", "/pages/b"],
    ["prefixes", "/pages/a%2Fb", "/pages/a%2F"],
  ])("and no other page. %s: %s by %s", async (kind, path, named) => {
    const text = await held(path);
    await plane.call("/invalidate", { [kind]: [named] });
    await expectHeld(path, text);
  });

  test("also one by a release that named URLs to the letter", async () => {
    const text = await held("/pages/%7Eu");
    const log = createLog(rest.redis, LOG_LIMITS);
    await log.append({
      ...{ operationId: "old", requestDigest: "old", actor: "old", action: "invalidate", detail: "" },
      payload: {
        ...{ kind: "invalidate", mode: "hard" },
        selectors: ["default u origin.test/pages/%7Eu" as never],
      },
      replicas: 0,
    });
    await expectGone("/pages/%7Eu", text);
  });
});

describe("a write reaches what is held in another spelling", () => {
  test.each([
    ["/pages/caf/%c3%a9", "/pages/caf/%C3%A9"],
    ["/pages/~u?a=%62", "/pages/%7eu?a=b"],
    ["/pages/a/b", "/pages/a%2Fb"],
    ["/pages/b", "/pages/x/..%2fb"],
    ["/pages/b", "/pages/x/%252e%252e/b"],
    ["/bare/b?x=1", "/pages/..%2fbare/b?x=2"],
    ["/bare/b?x=1", "/bare%2Fb?x=2"],
  ])("%s by %s", async (path, written) => {
    const text = await held(path);
    expect((await ask(edges[0], written, { method: "POST" })).status).toBe(204);
    await expectGone(path, text);
  });

  test("that its answer names", async () => {
    const text = await held("/pages/%c3%a9");
    origin.instead = ({ method }) =>
      method === "GET" ? null : ({ ...answer(204, ""), headers: [["location", "/pages/é"]] } as never);
    await ask(edges[0], "/elsewhere", { method: "POST" });
    origin.instead = null;
    await expectGone("/pages/%c3%a9", text);
  });
});

describe("the journal", () => {
  test.each(["/session/1", "/%73ession/1"])("takes what is written to %s", async (path) => {
    expect((await ask(edges[0], path, { method: "PUT" })).status).toBe(202);
  });

  test.each(["/session/..%2fsession/1", "/session%2f1", "/x;/..;/session/1"])(
    "is passed by, by what is written to %s, which goes to the origin",
    async (path) => {
      expect((await ask(edges[0], path, { method: "PUT" })).status).toBe(204);
      expect(origin.taken.map(({ url }) => url)).toEqual([`http://origin.test${path}`]);
    },
  );

  test("keeps no value that a write in another spelling may have replaced", async () => {
    const says = origin.instead;
    origin.instead = ({ method }) => (method === "GET" ? null : answer(503, "closed"));
    for (const path of ["/session/%7e", "/session/~"])
      expect((await ask(edges[0], path, { method: "PUT" })).status).toBe(202);
    origin.instead = says;
    // Due together by then: delivered together, and told to the log in one entry.
    ahead = 60_000;
    for (let partition = 0; partition < 8; partition++)
      kickFlush(edges[0], { shard: "one", partition }, background);
    await settled();
    expect(origin.taken).toHaveLength(2);
    for (const path of ["/session/%7e", "/session/~"])
      expect((await ask(edges[1], path)).text).toContain(" of null, ");
  });
});
