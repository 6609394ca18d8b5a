// When a receipt calls an edge fenced: after the bound of the rules concerned, and of those that it may still live by.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { forgetPast } from "../../control-plane/configuration/past.ts";
import { fencesOf } from "../../control-plane/invalidate/fence.ts";
import { followReceipts } from "../../control-plane/invalidate/follow.ts";
import { Router } from "../../edge/router.ts";
import { invalidationOf } from "../../edge/writes/unsent.ts";
import type { Selector } from "../../shared/core/units.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { encodeSite } from "../../shared/wire/configuration.ts";
import { LONGEST_BOUND } from "../../shared/wire/policy.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane } from "./control-harness.ts";

const START = 1_800_000_000_000;
/** Added to every bound: what clocks and a CPU's turn may hide. */
const SLACK = 250;
const [HOT, STANDARD, IMMUTABLE] = [5_000, 30_000, 4_200_000];

let now: number;
let rest: RestFixture;
let edge: FakeEdge;
let plane: TestPlane;

beforeEach(async () => {
  now = START;
  rest = await startEmbeddedRest(() => now);
  edge = await startFakeEdge("one");
  edge.follows = false;
});
afterEach(async () => {
  await plane.settled();
  await edge.stop();
  await rest.stop();
});

const policy = (id: string, cls: string, more: object = {}) => ({
  id,
  key_pattern: `/${id}/*`,
  class: cls,
  ...more,
});

/** The environment's policies come into the log at this moment. */
async function configured(policies: readonly object[], sites: readonly object[] = SITES): Promise<void> {
  const env = { SITES: sites, POLICIES: policies, EDGES: [{ id: edge.id, url: edge.url }] };
  plane = await startPlane(rest, env);
  await bootConfiguration(plane.plane);
}

/** From the acceptance on, as the receipt says it. */
async function fenced(body: object): Promise<number> {
  const { json } = await plane.call("/invalidate", body);
  await plane.settled();
  const receipt = (await plane.call(json.receipt)).json;
  expect(receipt.state).toBe("converging");
  return Date.parse(receipt.fencedAt) - Date.parse(receipt.acceptedAt) - SLACK;
}

describe("an edge that says nothing is fenced after the greatest bound of what is concerned", () => {
  beforeEach(async () => {
    await configured([
      policy("pages", "hot"),
      policy("img", "immutable"),
      policy("me", "session"),
      policy("slow", "hot", { window_ms: 90_000 }),
    ]);
    // What was before has been over for long.
    now += LONGEST_BOUND;
    await forgetPast(plane.plane);
  });

  test.each<[string, object, number]>([
    ["a hot URL", { urls: ["/pages/a"] }, HOT],
    ["a URL that no policy claims", { urls: ["/about"] }, STANDARD],
    ["a URL that is asked for each time", { urls: ["/me/cart"] }, 0],
    ["an immutable URL", { urls: ["/img/a.png"] }, IMMUTABLE],
    ["several URLs", { urls: ["/pages/a", "/slow/b"] }, 90_000],
    ["a prefix", { prefixes: ["/slow/x"] }, 90_000],
    ["a prefix of nothing but short bounds", { prefixes: ["/pages"] }, STANDARD],
    ["a class", { classes: ["session"] }, 0],
    ["a class with a policy of its own mind", { classes: ["hot"] }, 90_000],
    ["a tag", { tags: ["t"] }, IMMUTABLE],
    ["a host", { hosts: ["origin.test"] }, IMMUTABLE],
    ["everything", { everything: true, confirm: "default" }, IMMUTABLE],
    ["everything of a site without policies", { site: "shop", everything: true, confirm: "shop" }, STANDARD],
  ])("%s", async (_what, body, expected) => expect(await fenced(body)).toBe(expected));

  test("and is pending up to the last millisecond before", async () => {
    const { json } = await plane.call("/invalidate", { urls: ["/pages/a"] });
    now += HOT + SLACK - 1;
    const at = async () => (await plane.call(json.receipt)).json;
    expect(await at()).toMatchObject({ state: "converging", edges: [{ state: "pending", afterMs: null }] });
    now += 1;
    expect(await at()).toMatchObject({
      state: "converged",
      edges: [{ state: "fenced", afterMs: HOT + SLACK }],
      maxMs: HOT + SLACK,
    });
  });
});

describe("an edge may not have heard of a change of the configuration", () => {
  test("a bound that was shortened counts for as long as it did, from the change on", async () => {
    await configured([policy("pages", "hot", { window_ms: 60_000 })]);
    now += 120_000;
    await configured([policy("pages", "hot")]);
    now += 10_000;
    expect(await fenced({ urls: ["/pages/a"] })).toBe(50_000);
    now += 48_000;
    expect(await fenced({ urls: ["/pages/a"] })).toBe(HOT);
  });

  test("a policy that was removed, moved, or put behind another counts as it was", async () => {
    const long = policy("pages", "hot", { window_ms: 600_000 });
    const changes = [
      [],
      [{ ...long, key_pattern: "/elsewhere/*" }],
      [long, policy("a", "hot", { key_pattern: "/pages/a/*" })],
    ];
    for (const after of changes) {
      await configured([long]);
      now += 700_000;
      await configured(after);
      now += 100_000;
      expect(await fenced({ urls: ["/pages/a/b"] })).toBe(500_000);
      now += 700_000;
    }
  });

  test("a change of other URLs does not lengthen it", async () => {
    await configured([policy("pages", "hot"), policy("img", "immutable")]);
    now += 60_000;
    await configured([policy("pages", "hot"), policy("img", "hot")]);
    expect(await fenced({ urls: ["/pages/a"] })).toBe(HOT);
    expect(await fenced({ urls: ["/img/a"] })).toBe(IMMUTABLE);
  });

  test("the first configuration replaces none: an edge that has not heard of it lives by the standard class", async () => {
    await configured([policy("pages", "hot")]);
    now += 1_000;
    expect(await fenced({ urls: ["/pages/a"] })).toBe(STANDARD - 1_000);
  });

  test("a bound that is lengthened later concerns nobody: who hears of that has heard of the invalidation", async () => {
    await configured([policy("pages", "hot")]);
    now += 60_000;
    const { json } = await plane.call("/invalidate", { urls: ["/pages/a"] });
    now += 1_000;
    await configured([policy("pages", "hot", { window_ms: 86_400_000 })]);
    const { acceptedAt, fencedAt } = (await plane.call(json.receipt)).json;
    expect(Date.parse(fencedAt) - Date.parse(acceptedAt)).toBe(HOT + SLACK);
  });

  test("where the sites were others, the longest bound of all of then counts", async () => {
    await configured([policy("pages", "hot"), policy("img", "immutable")], SITES.slice(0, 1));
    now += 60_000;
    await configured([policy("pages", "hot"), policy("img", "immutable")]);
    expect(await fenced({ site: "shop", urls: ["http://shop.test/a"] })).toBe(IMMUTABLE);
  });

  test("what a class has lost to another is ended by that change, and not waited for when the class is purged", async () => {
    await configured([policy("pages", "hot"), policy("img", "immutable")]);
    now += LONGEST_BOUND;
    await forgetPast(plane.plane);
    expect(await fenced({ classes: ["hot"] })).toBe(HOT);
    await configured([policy("pages", "immutable"), policy("img", "immutable")]);
    now += LONGEST_BOUND;
    await forgetPast(plane.plane);
    expect(await fenced({ classes: ["hot"] })).toBe(0);
  });

  test("what no edge can live by any more is forgotten, and nothing before", async () => {
    await configured([policy("pages", "hot", { window_ms: 60_000 })]);
    now += 60_000;
    await configured([policy("pages", "hot")]);
    const kept = async () => {
      await forgetPast(plane.plane);
      const outcome = await plane.plane.histories.read();
      return outcome.kind === "history" ? outcome.history.changes.map(({ field }) => field) : null;
    };
    now += 60_000 + SLACK;
    expect(await kept()).toContain("policy/default/pages");
    now += 1;
    expect(await kept()).toEqual([]);
  });

  test("changes too many to be kept make it as long as any policy can", async () => {
    await configured([]);
    const log = createLog(rest.redis, { ...LOG_LIMITS, changesKept: 3 });
    const append = (i: number) =>
      log.append({
        operationId: `change-${i}`,
        requestDigest: "x",
        actor: "test",
        action: "configure",
        payload: {
          kind: "config",
          field: "policy/default/p",
          value: JSON.stringify(policy(`p${i}`, "hot")),
          selectors: [],
        },
        detail: "",
        replicas: 0,
      });
    for (let i = 0; i < 4; i++) await append(i);
    now += 1_000;
    expect(await fenced({ urls: ["/pages/a"] })).toBe(LONGEST_BOUND - 1_000);
  });
});

test("an invalidation that an edge made itself is fenced by the rules of what it wrote", async () => {
  await configured([policy("pages", "hot"), policy("img", "immutable")]);
  now += LONGEST_BOUND;
  await forgetPast(plane.plane);
  const router = new Router(SITES[0] as (typeof SITES)[number], parseUrl);
  const snapshot = await plane.plane.log.snapshot(0);
  if (snapshot.kind !== "snapshot") throw new Error(snapshot.kind);
  router.configure(snapshot.configuration);
  const write = {
    operationId: "write-1",
    method: "PUT",
    target: "http://origin.test/pages/a",
    references: ["/about"],
    groups: [],
  };
  const query = invalidationOf([write], {
    router,
    position: snapshot.head,
    wide: false,
    replicas: 0,
    edge: "two",
  });
  await plane.plane.log.append(query);
  now += 1_000;
  await followReceipts(plane.plane);
  const receipt = (await plane.call("/invalidations/write-1")).json;
  expect(Date.parse(receipt.fencedAt) - Date.parse(receipt.acceptedAt)).toBe(STANDARD + SLACK);
  now += STANDARD;
  await followReceipts(plane.plane);
  expect((await plane.call("/invalidations/write-1")).json).toMatchObject({
    state: "converged",
    edges: [{ edge: "one", state: "fenced" }],
  });
});

test("when it is fenced was worked out once: it holds when the log is trimmed, or begins a new epoch", async () => {
  await configured([policy("pages", "hot"), policy("img", "immutable")]);
  now += LONGEST_BOUND;
  await forgetPast(plane.plane);
  const { json } = await plane.call("/invalidate", { urls: ["/pages/a"] });
  await plane.settled();
  now += 1;
  await followReceipts(plane.plane);
  const head = await plane.plane.log.snapshot(0);
  if (head.kind !== "snapshot") throw new Error(head.kind);
  await plane.plane.log.since({ ...head.head, seq: head.head.seq + 1 }, 1);
  now += HOT + SLACK;
  expect((await plane.call(json.receipt)).json).toMatchObject({
    state: "converged",
    mode: "hard",
    selectors: [],
    selectorsTotal: 1,
    edges: [{ state: "fenced" }],
  });
});

test("of many changes the older ones count as one, by the greatest bound that any of them allowed", () => {
  const field = "policy/default/p";
  const of = (cls: string): string => JSON.stringify({ id: "p", key_pattern: "/p/*", class: cls });
  const kept = LIMITS.statesApart;
  // The first change of all replaced `immutable`, and so did none since.
  const changes = Array.from({ length: kept + 10 }, (_, index) => ({
    position: { epoch: 1, seq: index + 1 },
    at: START + index,
    field,
    before: index === 0 ? of("immutable") : of("hot"),
  }));
  const site = [
    "site/default",
    encodeSite({ ...SITES[0], aliases: [], canonicalHost: "o.test" } as never),
  ] as const;
  const history = {
    now: START,
    configuration: new Map([site, [field, of("hot")] as const]),
    changes,
    forgottenAt: null,
  };
  const invalidation = {
    position: { epoch: 1, seq: 1000 },
    at: START + 60_000,
    selectors: ["default u o.test/p/1" as Selector],
  };
  // The youngest of the older ones was replaced by the first of those that are looked at one by one.
  expect(fencesOf(history, [invalidation])).toEqual([START + 10 + IMMUTABLE + SLACK]);
  expect(fencesOf({ ...history, changes: changes.slice(1) }, [invalidation])).toEqual([
    START + 60_000 + HOT + SLACK,
  ]);
});
