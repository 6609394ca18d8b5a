// What names by a configuration that has changed meanwhile, names anew: writes at edges, purges and their repetitions.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { invalidate } from "../../control-plane/invalidate/invalidate.ts";
import { appendDueRepeats } from "../../control-plane/invalidate/repeat.ts";
import type { InvalidateBody } from "../../control-plane/invalidate/request.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { flushUnsent } from "../../edge/writes/write-around.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import { millis } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { AppendQuery, Log, LogHead } from "../../shared/ports/mid-tier.ts";
import type { Origin } from "../../shared/ports/origin.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { CLUSTER_KEY, SITES, startPlane, type TestPlane } from "./control-harness.ts";

const HOST = "origin.test";
const TARGET = "/p/a?x=1&utm=2";
const NARROW = [{ id: "p", key_pattern: "/p/*", class: "hot", key: { query: { include: ["x"] } } }];
const MOVING = { name: "moving", aliases: [], canonicalHost: "moving.test" };
const [WHOLE_QUERY, KEPT_QUERY, SAME_PAGE, ANY_QUERY] = [
  `default u ${HOST}/p/a?x=1&utm=2`,
  `default u ${HOST}/p/a?x=1`,
  `default u ${HOST}/p/a?#`,
  `default p ${HOST}/p/a`,
];

let now: number;
let rest: RestFixture;
let log: Log;
let plane: TestPlane;
let begun: LogHead;
let releases: number;
let tasks: Promise<unknown>[];
const background: Background = { keep: (task) => void tasks.push(task) };
const pushing = { grace: millis(0), background };
const operation = { id: "purge", requestDigest: "d", actor: "test", reason: null };

beforeEach(async () => {
  [now, releases, tasks] = [1_800_000_000_000, 0, []];
  rest = await startEmbeddedRest(() => now);
  log = createLog(rest.redis, LOG_LIMITS);
  plane = await startPlane(rest, { SITES });
  await released([]);
  const outcome = await log.snapshot(0);
  if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
  begun = outcome.head;
});
afterEach(async () => {
  await plane.settled();
  while (tasks.length > 0) await Promise.all(tasks.splice(0));
  await rest.stop();
});

/** A release with these policies brings them into the log. */
async function released(policies: readonly object[], sites: readonly object[] = SITES): Promise<void> {
  releases += 1;
  const env = { CLUSTER_KEY, SITES: JSON.stringify(sites), POLICIES: JSON.stringify(policies) };
  const { settings } = readEnvironment(env, null);
  expect(await bootConfiguration({ log, digest: systemDigest, settings })).toEqual({ kind: "done" });
}

/** Of a release that says nothing of sites by itself. */
const laterPlane = (): ControlPlane => ({
  ...plane.plane,
  settings: { ...plane.plane.settings, sites: [] },
});

/** A policy that does not concern what is named here, and moves the configuration all the same. */
const withAnother = (): object[] => [
  ...NARROW,
  { id: `other-${releases}`, key_pattern: `/other/${releases}/*`, class: "hot" },
];

/** What each invalidation since the test began names. */
async function named(): Promise<readonly (readonly string[])[]> {
  const outcome = await log.since(begun, 1000);
  if (outcome.kind !== "entries") throw new Error(outcome.kind);
  return outcome.entries.flatMap(({ payload }) => (payload.kind === "invalidate" ? [payload.selectors] : []));
}

describe("a write at an edge", () => {
  let content: string;
  let says: HeaderList;
  let meanwhile: () => Promise<void>;
  beforeEach(() => {
    [content, says, meanwhile] = ["", [], async () => {}];
  });
  const origin: Origin = {
    async fetch({ method }) {
      if (method === "PUT") return { kind: "answer", status: 204, headers: [], body: NO_BODY };
      const pieces = [new TextEncoder().encode(content) as Uint8Array<ArrayBuffer>];
      const read = async () => pieces.shift() ?? null;
      const source = { length: pieces[0]?.length ?? 0, read, cancel: () => {} };
      const headers: HeaderList = [["cache-control", "max-age=3600"], ...says, ["content-location", TARGET]];
      if (method === "POST") await meanwhile();
      return { kind: "answer", status: 200, headers, body: { kind: "source", source } };
    },
  };
  const target = `https://${HOST}${TARGET}`;
  const references: readonly string[] = [];
  const write = { operationId: "w", method: "PUT", target, references, groups: [] };

  async function ask(edge: Edge, method: "GET" | "PUT" | "POST", url = target): Promise<string> {
    const request = { method, url, body: NO_BODY, purpose: "client", background } as const;
    const none = { header: () => null, headers: () => [], arrivedAt: edge.clock.now() };
    const { body } = await handleRequest(edge, { ...request, ...none });
    if (body.kind === "bytes") return new TextDecoder().decode(body.bytes);
    if (body.kind === "none") return "";
    const pieces: Uint8Array[] = [];
    for (let piece = await body.source.read(); piece !== null; piece = await body.source.read())
      pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  /** Configured as the log is now. */
  async function edge(over: Partial<Log> = {}): Promise<Edge> {
    const one = bareEdge(rest.redis, origin, { ...log, ...over });
    await one.view.pull(background);
    return one;
  }

  /** An edge that hears of a release before each of its appends, and what it did. */
  async function overtaken(times: number, release: () => Promise<void>) {
    const appends: AppendQuery[] = [];
    const one = await edge({
      async append(query) {
        appends.push(query);
        if (appends.length <= times) await release();
        return log.append(query);
      },
    });
    return { one, appends };
  }

  test("hits what another edge has stored by a newer recipe", async () => {
    const older = await edge();
    await released(NARROW);
    const newer = await edge();
    content = "before";
    expect(await ask(newer, "GET")).toBe("before");
    content = "after";
    await ask(older, "PUT");
    await newer.view.pull(background);
    expect(await ask(newer, "GET")).toBe("after");
    expect(await named()).toEqual([[KEPT_QUERY, SAME_PAGE]]);
  });

  test("hits what another edge has stored of the same page, as its answer says, and knows nothing of it itself", async () => {
    says = [["no-vary-search", 'params=("utm")']];
    const [one, other] = [await edge(), await edge()];
    content = "before";
    expect(await ask(other, "GET", `${target}0`)).toBe("before");
    content = "after";
    await ask(one, "PUT");
    await other.view.pull(background);
    expect(await ask(other, "GET", `${target}0`)).toBe("after");
  });

  test("takes one call where nothing has changed, or nothing that matters to it", async () => {
    const { one, appends } = await overtaken(1, () => released(NARROW));
    one.unsent.keep({ ...write, target: `https://${HOST}/p/a` });
    await flushUnsent(one, background);
    expect([appends.length, one.unsent.size]).toEqual([1, 0]);
    expect(await named()).toEqual([[`default u ${HOST}/p/a`]]);
  });

  test("is told to the log in spite of a release at each attempt, whatever the query", async () => {
    const { one } = await overtaken(3, () => released(withAnother()));
    await ask(one, "PUT");
    expect(one.unsent.size).toBe(0);
    expect(await named()).toEqual([[ANY_QUERY]]);
  });

  test("names by what it refers to as well", async () => {
    const { one } = await overtaken(1, () => released(NARROW));
    one.unsent.keep({ ...write, target: `https://${HOST}/p`, references: [TARGET] });
    await flushUnsent(one, background);
    expect(await named()).toEqual([[`default u ${HOST}/p`, KEPT_QUERY, SAME_PAGE]]);
  });

  test("that the log could not take is named by what holds when it can", async () => {
    let away = true;
    const one = await edge({
      append: async (query) => (away ? { kind: "unavailable", reason: "away" } : log.append(query)),
    });
    await ask(one, "PUT");
    expect(one.unsent.size).toBe(1);
    await released(NARROW);
    away = false;
    await flushUnsent(one, background);
    expect([one.unsent.size, await named()]).toEqual([0, [[KEPT_QUERY, SAME_PAGE]]]);
  });

  test("is kept while sites change at each attempt", async () => {
    const moved = () => released([], [...SITES, { ...MOVING, hosts: [`${releases}.test`] }]);
    const { one, appends } = await overtaken(3, moved);
    one.unsent.keep(write);
    await flushUnsent(one, background);
    expect([appends.length, one.unsent.size, await named()]).toEqual([3, 1, []]);
    await flushUnsent(one, background);
    expect([one.unsent.size, await named()]).toEqual([0, [[WHOLE_QUERY, SAME_PAGE]]]);
  });

  test("keeps its answer for no later GET where a release has given names to it meanwhile", async () => {
    const one = await edge();
    content = "before";
    meanwhile = async () => {
      await released([{ id: "p", key_pattern: "/p/*", class: "standard", tags: ["t"] }]);
      content = "after";
      const body = { tags: ["t"] };
      expect((await invalidate(plane.plane, { body, operation, pushing })).kind).toBe("accepted");
    };
    expect(await ask(one, "POST")).toBe("before");
    while (tasks.length > 0) await Promise.all(tasks.splice(0));
    expect(await ask(one, "GET")).toBe("after");
  });

  test("to what no site serves is not forgotten where one serves it again", async () => {
    await released([], SITES.slice(1));
    const one = await edge();
    await released([]);
    one.unsent.keep(write);
    await flushUnsent(one, background);
    expect(await named()).toEqual([[WHOLE_QUERY, SAME_PAGE]]);
  });
});

describe("a purge", () => {
  /** With a release before each append, so many times. */
  function purge(body: InvalidateBody, times: number, release: () => Promise<void>) {
    let appends = 0;
    const append: Log["append"] = async (query) => {
      appends += 1;
      if (appends <= times) await release();
      return log.append(query);
    };
    const overtaken = { ...laterPlane(), log: { ...log, append } };
    return invalidate(overtaken, { body, operation, pushing });
  }

  test("is named by the recipe that the log has when it is appended", async () => {
    const outcome = await purge({ urls: [TARGET] }, 1, () => released(NARROW));
    expect(outcome).toMatchObject({ kind: "accepted", counts: { urls: 1 } });
    expect(await named()).toEqual([[KEPT_QUERY, SAME_PAGE]]);
  });

  test("is accepted in spite of a release at each attempt, whatever the query", async () => {
    const outcome = await purge({ urls: [TARGET], tags: ["t"] }, 3, () => released(withAnother()));
    expect(outcome.kind).toBe("accepted");
    expect(await named()).toEqual([[ANY_QUERY, "default t t"]]);
  });

  test("of names that no policy decides on is not named anew", async () => {
    await purge({ urls: ["/p/a"], tags: ["t"] }, 1, () => released(NARROW));
    expect(await named()).toEqual([[`default u ${HOST}/p/a`, "default t t"]]);
  });

  test("of a host that has gone meanwhile is refused", async () => {
    const outcome = await purge({ urls: [TARGET] }, 1, () => released([], SITES.slice(1)));
    expect(outcome).toMatchObject({ kind: "refused", faults: [{ pointer: "/site" }] });
    expect(await named()).toEqual([]);
  });
});

describe("a repetition", () => {
  const due = async (): Promise<void> => {
    now += 1000;
    expect(await appendDueRepeats(laterPlane())).toEqual({ kind: "done" });
  };

  test("is named by the recipe that holds when it is due", async () => {
    await plane.call("/invalidate", { urls: [TARGET], repeatAfterMs: 1000 });
    await released(NARROW);
    await due();
    expect(await named()).toEqual([
      [WHOLE_QUERY, SAME_PAGE],
      [KEPT_QUERY, SAME_PAGE],
    ]);
  });

  test("leaves out what the site does not serve any more, and nothing else", async () => {
    const site = "shop";
    const urls = ["http://shop.test/a", "http://b.shop.test/b"];
    await plane.call("/invalidate", { site, urls, tags: ["t"], repeatAfterMs: 1000 });
    await released([], [...SITES.slice(0, 1), { ...SITES[1], hosts: ["shop.test"] }, ...SITES.slice(2)]);
    await due();
    const both = ["shop u shop.test/a", "shop u b.shop.test/b", "shop t t"];
    expect(await named()).toEqual([both, [both[0], both[2]]]);
  });

  test("of a site that is gone is done with", async () => {
    await plane.call("/invalidate", { site: "shop", tags: ["t"], repeatAfterMs: 1000 });
    await released([], SITES.slice(0, 1));
    await due();
    expect(await plane.plane.repeats.due(10)).toEqual({ kind: "due", repeats: [] });
    expect(await named()).toEqual([["shop t t"]]);
  });
});
