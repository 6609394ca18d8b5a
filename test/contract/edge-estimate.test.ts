// What an edge says of its own memory: how much of it an invalidation would hit, from a bounded look.
import { afterEach, beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { Edge } from "../../edge/edge.ts";
import { STANDARD_CLASS } from "../../shared/core/classes.ts";
import { rulesOfClass } from "../../shared/core/rules.ts";
import { selectorsOf } from "../../shared/core/selector.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { type CacheKey, instant, millis, type Selector } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import { ESTIMATE_PATH, encodeEstimateCall } from "../../shared/wire/internal.ts";
import { bareEdge, tellEdge } from "../support/bare-edge.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";

let rest: RestFixture;
let edge: Edge;

beforeEach(async () => {
  rest = await startEmbeddedRest();
  edge = bareEdge(rest.redis);
});
afterEach(() => rest.stop());

/** Held in memory as of what the edge knows now. */
function hold(path: string, tags: readonly string[] = []): void {
  const asOf = edge.view.asOf();
  if (asOf === null) throw new Error("the edge is cold");
  const selectors = selectorsOf({
    site: "default",
    host: "h.test",
    pathAndQuery: path,
    class: "standard",
    tags,
  });
  const answer: StoredAnswer = {
    ...{
      version: 2,
      id: path,
      key: path,
      status: 200,
      headers: [],
      class: "standard",
      selectors,
      asOf,
      vary: [],
    },
    ...{ part: { kind: "whole" }, length: 100, dirty: false, fresh: millis(60_000), lease: "lease" },
    ...{
      staleWhileRevalidate: millis(0),
      staleIfError: millis(0),
      ageWhenSent: millis(0),
      receivedAtWall: 0,
    },
  };
  edge.memory.store(path as CacheKey, {
    held: { answer, verifiedTo: asOf, bornAt: edge.clock.now(), sentAt: null },
    ...{
      rules: rulesOfClass(STANDARD_CLASS),
      body: new Uint8Array(100),
      saysOfQuery: null,
      currentAt: -1,
      ...{ freshUntil: instant(0), quietUntil: instant(0), renewFrom: instant(0) },
    },
    ...{ sent: null, prepared: null, watch: 0, names: [], answers: null },
  });
}

const ask = (selectors: readonly string[]) =>
  tellEdge(edge, ESTIMATE_PATH, encodeEstimateCall(selectors as Selector[]));

async function purge(selector: string): Promise<void> {
  await createLog(rest.redis, LOG_LIMITS).append({
    ...{
      operationId: selector,
      requestDigest: "x",
      actor: "test",
      action: "invalidate",
      detail: "",
      replicas: 0,
    },
    payload: { kind: "invalidate", mode: "hard", selectors: [selector as Selector] },
  });
  await edge.view.pull(UNKEPT);
}

test("counts what would be hit by any of the selectors, once", async () => {
  await edge.view.pull(UNKEPT);
  for (const path of ["/a/1", "/a/2", "/b"]) hold(path, ["t"]);
  expect(await ask(["default p h.test/a"])).toEqual({
    edge: "one",
    entries: 2,
    bytes: 200,
    sampled: 3,
    of: 3,
  });
  expect(await ask(["default t t", "default e"])).toMatchObject({ entries: 3 });
  expect(await ask(["default t other", "shop e"])).toMatchObject({ entries: 0, of: 3 });
});

test("what is out of date already is not hit once more; what was fetched since is", async () => {
  await edge.view.pull(UNKEPT);
  for (const path of ["/a", "/b"]) hold(path, ["t"]);
  await purge("default u h.test/a");
  expect(await ask(["default t t"])).toMatchObject({ entries: 1, of: 2 });
  hold("/a", ["t"]);
  expect(await ask(["default t t"])).toMatchObject({ entries: 2, of: 2 });
});

test("looks at no more than its limit, spread over all that it holds", async () => {
  await edge.view.pull(UNKEPT);
  const held = LIMITS.estimateLooks * 2;
  for (let i = 0; i < held; i++) hold(`/${i % 2 === 0 ? "even" : "odd"}/${i}`);
  const found = (await ask(["default p h.test/even"])) as { entries: number; sampled: number; of: number };
  expect(found.of).toBe(held);
  expect(found.sampled).toBeGreaterThan(LIMITS.estimateLooks / 2);
  expect(found.sampled).toBeLessThanOrEqual(LIMITS.estimateLooks);
  expect(found.entries / found.sampled).toBeCloseTo(0.5, 1);
});

test("a cold edge serves nothing of what it holds; what is no selector is refused", async () => {
  expect(await ask(["default e"])).toMatchObject({ entries: 0 });
  expect(await tellEdge(edge, ESTIMATE_PATH, JSON.stringify({ v: 1, selectors: ["x"] }))).toMatchObject({
    status: 400,
  });
});
