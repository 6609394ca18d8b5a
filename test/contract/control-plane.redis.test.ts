// The control plane against a real redis-server: purges, receipts, edges, figures and configuration.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { beat } from "../../control-plane/tick/beat.ts";
import type { Log, LogHead } from "../../shared/ports/mid-tier.ts";
import { ask, type ServerFixture, startServerRest, until } from "../support/redis-server.ts";
import {
  askSigned,
  beatWell,
  type FakeEdge,
  lookWell,
  SITES,
  startFakeEdge,
  startPlane,
  type TestPlane,
} from "./control-harness.ts";

let rest: ServerFixture;
let edges: FakeEdge[];
let plane: TestPlane;

beforeAll(async () => {
  rest = await startServerRest();
});
afterAll(() => rest.stop());

beforeEach(async () => {
  await ask(rest, "/", ["FLUSHALL"]);
  edges = await Promise.all(["one", "two", "three"].map(startFakeEdge));
  plane = await started();
});
afterEach(async () => {
  await plane.settled();
  await Promise.all(edges.map((edge) => edge.stop()));
});

const listed = () => edges.map(({ id, url }) => ({ id, url }));
const started = (env: Record<string, unknown> = {}) => startPlane(rest, { SITES, EDGES: listed(), ...env });
const edge = (index: number): FakeEdge => {
  const found = edges[index];
  if (found === undefined) throw new Error(`there is no edge ${index}`);
  return found;
};
const NOTHING = { entries: 0, bytes: 0, sampled: 0, of: 0, exact: true, least: 0, most: 0 };
const statesOf = (receipt: { edges: { edge: string; state: string }[] }): Record<string, string> =>
  Object.fromEntries(receipt.edges.map((row) => [row.edge, row.state]));

/** The site of these tests serves every Host. */
const ALONE = (kind: string) => ({
  pointer: `/${kind}/0`,
  message: expect.stringMatching(
    /^names the path on origin\.test alone: .*Name those as (https:\/\/)?host\/path/,
  ),
});

describe("POST /invalidate", () => {
  test("on a site that serves every Host, it says that a path is one of its canonical host alone", async () => {
    const paths = { prefixes: ["/a", "/b"], urls: ["https://other.test/x", "/y"] };
    const dry = await plane.call("/invalidate", { ...paths, dryRun: true });
    const warnings = [{ ...ALONE("urls"), pointer: "/urls/1" }, ALONE("prefixes")];
    expect(dry.json.warnings).toEqual(warnings);
    const waited = await plane.call("/invalidate", { ...paths, wait: true });
    expect(waited.json).toMatchObject({ state: "converged", warnings });
    const named = { prefixes: ["other.test/a"], urls: ["https://origin.test/y"], tags: ["/t"] };
    expect((await plane.call("/invalidate", named)).json.warnings).toEqual([]);
    const solo = await plane.call("/invalidate", { site: "solo", urls: ["/y"] });
    expect(solo.json.warnings).toEqual([]);
  });

  test("answers when the log has it, and every listed edge has been pushed exactly its selectors, signed", async () => {
    const body = { urls: ["/a"], tags: ["t"], reason: "a new price" };
    const { status, json, headers } = await plane.call("/invalidate", body);
    expect(status).toBe(202);
    expect(json).toEqual({
      id: expect.stringMatching(/^\w+$/),
      position: expect.stringMatching(/^\d+-1$/),
      accepted: { urls: 1, tags: 1, prefixes: 0, hosts: 0, classes: 0, everything: 0 },
      warnings: [ALONE("urls")],
      receipt: `/invalidations/${json.id}`,
    });
    expect(headers.get("location")).toBe(json.receipt);
    // On a machine that is busy some may be reached, or acknowledge it, behind the answer.
    await plane.settled();
    for (const { pushed, refused } of edges) {
      expect(pushed).toEqual([["default u origin.test/a", "default t t"]]);
      expect(refused).toBe(0);
    }
    const receipt = (await plane.call(json.receipt)).json;
    expect(receipt).toMatchObject({
      id: json.id,
      position: json.position,
      site: "default",
      mode: "hard",
      reason: "a new price",
      actor: "admin",
      state: "converged",
      dirty: 0,
      selectors: [
        { kind: "url", value: "origin.test/a" },
        { kind: "tag", value: "t" },
      ],
    });
    expect(statesOf(receipt)).toEqual({ one: "applied", two: "applied", three: "applied" });
    expect(receipt.maxMs).toBeGreaterThanOrEqual(receipt.p50Ms);
  });

  test("with wait answers 200 when every edge has it, 202 when patience ends first; edges away hold up no other", async () => {
    expect((await plane.call("/invalidate", { tags: ["a"], wait: true })).status).toBe(200);
    edge(1).answers = false;
    const { status, json } = await plane.call("/invalidate", { tags: ["b"], wait: true, timeoutMs: 400 });
    expect(status).toBe(202);
    expect(statesOf(json)).toEqual({ one: "applied", two: "pending", three: "applied" });
    expect(json.state).toBe("converging");
  });

  test("an edge that missed the push is applied once its status says so, and the wait ends then", async () => {
    edge(2).follows = false;
    const waiting = plane.call("/invalidate", { tags: ["a"], wait: true });
    await until("the push arrived", () => edge(2).pushed.length === 1);
    edge(2).position = edge(0).position;
    await until("the others have it", () => edge(0).pushed.length === 1 && edge(1).pushed.length === 1);
    edge(2).position = edge(0).position;
    await beatWell(plane, false);
    const { status, json } = await waiting;
    expect(status).toBe(200);
    expect(statesOf(json)).toEqual({ one: "applied", two: "applied", three: "applied" });
  });

  test("pushes turned off, edges learn by pulling, and their status tells", async () => {
    plane = await started({ PUSH: "off" });
    const { json } = await plane.call("/invalidate", { tags: ["a"] });
    expect(edges.flatMap(({ pushed }) => pushed)).toEqual([]);
    for (const each of edges) each.position = json.position;
    await beat(plane.plane, { boot: false, witness: plane.witness });
    expect((await plane.call(json.receipt)).json.state).toBe("converged");
  });

  test("the same Idempotency-Key with the same body answers the same and appends once", async () => {
    const key = { "idempotency-key": "mine" };
    const first = await plane.call("/invalidate", { tags: ["a"] }, key);
    const again = await plane.call("/invalidate", { tags: ["a"] }, key);
    expect(again).toMatchObject({ status: 202, json: first.json });
    const other = await plane.call("/invalidate", { tags: ["b"] }, key);
    expect(other).toMatchObject({ status: 422, json: { code: "idempotency-conflict" } });
    const next = await plane.call("/invalidate", { tags: ["b"] });
    expect(next.json.position.replace(/^\d+-/, "")).toBe("2");
  });

  test("a dry run appends and pushes nothing, and says what it would", async () => {
    const dryRun = async () => {
      const { status, json } = await plane.call("/invalidate", { tags: ["a"], dryRun: true });
      expect(status).toBe(200);
      expect(json).toMatchObject({
        dryRun: true,
        selectors: ["default t a"],
        edges: ["one", "three", "two"],
      });
      expect((await plane.call("/invalidations")).json.items).toEqual([]);
      expect(edges.flatMap(({ pushed }) => pushed)).toEqual([]);
      return json.estimate;
    };
    let estimate = await dryRun();
    const isAsked = (part: { unavailable: string | null }) => part.unavailable === null;
    // A database that waits for its disk is not asked in good time.
    for (let more = 3; more > 0 && ![...estimate.memory, ...estimate.l2].every(isAsked); more--)
      estimate = await dryRun();
    expect(estimate).toEqual({
      exact: true,
      memory: ["one", "three", "two"].map((id) => ({ edge: id, hits: NOTHING, unavailable: null })),
      l2: [{ shard: "control", hits: NOTHING, unavailable: null }],
    });
  });

  test("a dry run names the edges that did not answer in good time, and never takes them for empty", async () => {
    edge(0).memory = { entries: 3, bytes: 300, sampled: 10, of: 10 };
    edge(1).memory = { entries: 1, bytes: 50, sampled: 100, of: 1000 };
    edge(2).memory = null;
    const called = vi.spyOn(plane.plane, "callEdge");
    const { json } = await plane.call("/invalidate", { tags: ["a"], dryRun: true });
    expect(called.mock.calls.map(([, , deadline]) => deadline)).toEqual([450, 450, 450]);
    const [one, three, two] = json.estimate.memory;
    expect(json.estimate.exact).toBe(false);
    expect(one).toMatchObject({
      edge: "one",
      hits: { entries: 3, least: 3, most: 3, bytes: 300, exact: true },
    });
    expect(two).toMatchObject({ edge: "two", hits: { entries: 10, bytes: 500, exact: false, sampled: 100 } });
    expect(two.hits.least).toBeLessThan(10);
    expect(two.hits.most).toBeGreaterThan(20);
    expect(three).toEqual({ edge: "three", hits: null, unavailable: "timeout" });
  });

  test("1000 selectors of the greatest length are taken", async () => {
    const tags = Array.from({ length: 1000 }, (_, i) => `${i}-${"x".repeat(1000)}`);
    const { status, json } = await plane.call("/invalidate", { tags });
    expect(status).toBe(202);
    const receipt = (await plane.call(json.receipt)).json;
    expect(receipt.selectors).toHaveLength(1000);
    const [item] = (await plane.call("/invalidations")).json.items;
    expect(item).toMatchObject({ selectorsTotal: 1000 });
    expect(item.selectors.length).toBeLessThan(100);
  });

  test("more of them than an append can carry are refused, and it is said what there may be", async () => {
    const urls = Array.from({ length: 1000 }, (_, i) => `http://origin.test/${i}${"€".repeat(250)}?a`);
    const { status, json } = await plane.call("/invalidate", { urls });
    expect([status, json.detail]).toEqual([
      422,
      expect.stringMatching(/^the body: names \d{7} octets, as the log keeps them, and may name 4194304$/),
    ]);
    const half = () => plane.call("/invalidate", { urls: urls.slice(0, 500) }, { "idempotency-key": "half" });
    // So much may take longer than its deadline on a machine that does much else: it is sent again then.
    await until("half of them are taken", async () => (await half()).status === 202, 15_000);
  });

  test("where no edge can be addressed the receipt says when all are fenced", async () => {
    plane = await started({ EDGES: [] });
    const { json } = await plane.call("/invalidate", { tags: ["a"] });
    const receipt = (await plane.call(json.receipt)).json;
    expect(receipt).toMatchObject({ edges: [], state: "converging" });
    const bound = Date.parse(receipt.unlisted.fencedAt) - Date.parse(receipt.acceptedAt);
    expect(bound).toBe(30_250);
  });
});

test("receipts are listed newest first, page by page, none twice and none left out", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.push((await plane.call("/invalidate", { tags: [`t${i}`] })).json.id);
  const found: string[] = [];
  let cursor: string | null = "";
  for (let pages = 0; cursor !== null && pages < 10; pages++) {
    const from: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: { items: { id: string }[]; nextCursor: string | null } = (
      await plane.call(`/invalidations?limit=3${from}`)
    ).json;
    found.push(...page.items.map((item) => item.id));
    cursor = page.nextCursor;
  }
  expect(found).toEqual(ids.reverse());
});

describe("edges", () => {
  test("are live when seen, cold without a position, silent when never seen", async () => {
    edge(1).position = null;
    edge(2).answers = false;
    await collectStatus(plane.plane);
    const { json } = await plane.call("/edges");
    expect(json.nextCursor).toBeNull();
    expect(json.items).toEqual([
      expect.objectContaining({
        id: "one",
        url: edge(0).url,
        region: "test",
        state: "live",
        position: "1-0",
      }),
      expect.objectContaining({ id: "three", state: "silent", lastSeenMs: null, memoryBytes: null }),
      expect.objectContaining({ id: "two", state: "cold", position: null }),
    ]);
    expect(json.items[0].knownAgeMs).toBeGreaterThanOrEqual(5);
  });

  test("come page by page where a limit is named, and all at once where none is", async () => {
    const ids = async (query: string): Promise<[string[], string | null]> => {
      const { json } = await plane.call(`/edges${query}`);
      return [json.items.map(({ id }: { id: string }) => id), json.nextCursor];
    };
    expect(await ids("?limit=2")).toEqual([["one", "three"], "three"]);
    expect(await ids("?limit=2&cursor=three")).toEqual([["two"], null]);
    // Whoever ended the page before need not be there any more.
    expect(await ids("?cursor=p")).toEqual([["three", "two"], null]);
    expect(await ids("?limit=3")).toEqual([["one", "three", "two"], null]);
  });

  test("are replaced by a signed request, until the environment says something else", async () => {
    const body = JSON.stringify([{ id: "one", url: edge(0).url, region: null, pid: 4711 }]);
    expect((await askSigned(plane, "/.tidegate/edges", body, "another key")).status).toBe(404);
    expect((await askSigned(plane, "/.tidegate/edges", body)).status).toBe(204);
    expect((await plane.call("/edges")).json.items).toEqual([
      expect.objectContaining({ id: "one", pid: 4711 }),
    ]);
    const restarted = await started();
    expect((await restarted.call("/edges")).json.items).toHaveLength(1);
    const changed = await started({ EDGES: listed().slice(1) });
    expect((await changed.call("/edges")).json.items).toHaveLength(2);
  });

  test("a list that can't be read is refused and changes nothing", async () => {
    for (const body of ["{}", "[{}]", '[{"id":"a","url":"http://x/y"}]', "[", '[{"id":"a","url":"ftp://x"}]'])
      expect((await askSigned(plane, "/.tidegate/edges", body)).status, body).toBe(422);
    expect((await plane.call("/edges")).json.items).toHaveLength(3);
  });
});

describe("GET /cache-metrics", () => {
  const counted = {
    "requests|default|hot|hit|l2": 90,
    "requests|default|hot|stale|l2": 5,
    "requests|default|hot|miss|l2": 5,
    "asked|default|hot|miss": 5,
    "asked|default|hot|revalidate": 1,
    "took|default|hot|0": 60,
    "took|default|hot|9": 39,
    "took|default|hot|60": 1,
    "tier|default|hot|l1Memory|hits": 80,
    "shard|control|hits": 10,
    "bytes|default|hot|served": 1000,
    "bytes|default|hot|origin": 250,
    "gauge|originConcurrencyMax": 4,
  };

  test("adds up what all edges have counted, however often they report it", async () => {
    edge(0).counters = counted;
    edge(1).counters = { ...counted, "gauge|originConcurrencyMax": 7 };
    for (let i = 0; i < 3; i++) await collectStatus(plane.plane);
    const { json } = await plane.call("/cache-metrics?window=60s&site=");
    expect(json).toMatchObject({ status: 400 });
    const figures = (await plane.call("/cache-metrics?window=1m")).json;
    expect(figures).toMatchObject({
      windowSeconds: 60,
      hitRatio: 0.95,
      byteHitRatio: 0.75,
      tiers: { l1Memory: { hits: 160, misses: 0, errors: 0 } },
      stampede: { originConcurrencyMax: 7, coalescedRatio: 0, leaseWaits: 0 },
    });
    expect(figures.classes.hot).toEqual({
      requests: 200,
      hits: 180,
      stale: 10,
      misses: 10,
      passes: 0,
      errors: 0,
      refused: 0,
      coalesced: 0,
      hitRatio: 0.95,
      byteHitRatio: 0.75,
      bytesServed: 2000,
      bytesFromOrigin: 500,
      p50Ms: 1,
      p99Ms: 10,
      originFetches: 12,
      originBy: { miss: 10, revalidate: 2 },
      answeredBy: { l2: { hit: 180, stale: 10, miss: 10 } },
      leaseWaits: 0,
    });
  });

  test("counts what happened a moment ago, and only what was added since the last report", async () => {
    edge(0).counters = { "requests|default|hot|hit|l2": 1 };
    await collectStatus(plane.plane);
    edge(0).counters = { "requests|default|hot|hit|l2": 3 };
    expect((await plane.call("/cache-metrics")).json.classes.hot.hits).toBe(3);
  });

  test("an isolate that begins anew, and a late report of the old one, count no hit twice", async () => {
    edge(0).counters = { "requests|default|hot|hit|l2": 10 };
    await collectStatus(plane.plane);
    edge(0).boot = "second";
    edge(0).counters = { "requests|default|hot|hit|l2": 4 };
    await collectStatus(plane.plane);
    edge(0).boot = "boot-of-one";
    edge(0).counters = { "requests|default|hot|hit|l2": 9 };
    expect((await plane.call("/cache-metrics")).json.classes.hot.hits).toBe(14);
  });

  test.each(["10s", "20m", "2h", "24h"])("the same over every window: %s", async (window) => {
    edge(0).counters = { "requests|default|hot|hit|l2": 10 };
    expect((await plane.call(`/cache-metrics?window=${window}`)).json.classes.hot.hits).toBe(10);
  });

  test("names every figure of the contract, and what isn't measured is null", async () => {
    await lookWell(plane);
    const { json } = await plane.call("/cache-metrics");
    expect(json).toMatchObject({
      hitRatio: null,
      byteHitRatio: null,
      classes: {},
      shards: [
        { id: "control", p99Ms: null, replicationLagMs: null, memoryLimitBytes: 2 ** 30, state: "serving" },
      ],
      invalidations: { accepted: 0, perSecond: 0, convergenceP50Ms: null, unfinished: 0 },
      stale: { sampled: 0, violations: 0, upperBound95: null },
      journal: { accepted: 0, delivered: 0, pending: 0, deadLettered: 0 },
      alerts: [],
    });
    expect(json.shards[0].memoryBytes).toBeGreaterThan(0);
    expect(json.shards[0].keys).toBeGreaterThan(0);
    expect(json.edges).toHaveLength(3);
  });

  test("counts invalidations once, and those that an edge still lacks as unfinished", async () => {
    await plane.call("/invalidate", { tags: ["a"] });
    edge(0).follows = false;
    await plane.call("/invalidate", { tags: ["b"] });
    await plane.settled();
    await until("both are counted", async () => {
      const { invalidations } = (await plane.call("/cache-metrics")).json;
      return invalidations.accepted === 2;
    });
    for (let i = 0; i < 3; i++) await beat(plane.plane, { boot: false, witness: plane.witness });
    const { invalidations, spanSeconds } = (await plane.call("/cache-metrics")).json;
    expect(invalidations).toMatchObject({ accepted: 2, unfinished: 1, perSecond: 2 / spanSeconds });
    expect(invalidations.convergenceP50Ms).toBeGreaterThan(0);
  });
});

describe("the environment's configuration", () => {
  const configuration = async () => {
    const outcome = await plane.plane.log.snapshot(0);
    if (outcome.kind === "unavailable") throw new Error(outcome.reason);
    return outcome;
  };
  const policy = (id: string, ttl: string) => ({ id, key_pattern: `/${id}/*`, class: "hot", ttl });

  test("is appended to the log once, and what changes of it, as often as it changes", async () => {
    const one = { POLICIES: [policy("a", "1m"), policy("b", "1m")] };
    plane = await started(one);
    await bootConfiguration(plane.plane);
    const before = await configuration();
    expect([...before.configuration.keys()].sort()).toEqual([
      "boot/fields",
      "policy/default/a",
      "policy/default/b",
      "site/default",
      "site/shop",
      "site/solo",
    ]);
    plane = await started(one);
    await bootConfiguration(plane.plane);
    expect((await configuration()).head).toEqual(before.head);
    for (const ttl of ["2m", "1m", "2m"]) {
      plane = await started({ POLICIES: [policy("a", ttl), policy("b", "1m")] });
      await bootConfiguration(plane.plane);
      expect((await configuration()).configuration.get("policy/default/a")).toContain(`"ttl":"${ttl}"`);
    }
    expect((await configuration()).head.seq).toBe(before.head.seq + 3 * 3);
  });

  /** What each change since then has carried, by its field. */
  const carried = async (since: LogHead) => {
    const outcome = await plane.plane.log.since(since, 100);
    const entries = outcome.kind === "entries" ? outcome.entries : [];
    return entries.flatMap(({ payload }) =>
      payload.kind === "config" && payload.selectors.length > 0 ? [[payload.field, payload.selectors]] : [],
    );
  };

  test("names what it takes a name from, each change by what the one before has left", async () => {
    const { head: empty } = await configuration();
    plane = await started({ POLICIES: [{ ...policy("a", "1m"), tags: ["t"] }, policy("b", "1m")] });
    await bootConfiguration(plane.plane);
    expect(await carried(empty)).toEqual([]);
    const { head: first } = await configuration();
    const over = { ...policy("over", "1m"), key_pattern: "//shop.test/a/*", class: "standard" };
    plane = await started({
      POLICIES: [
        { ...policy("a", "2m"), tags: ["u"] },
        { ...over, priority: 1 },
      ],
    });
    await bootConfiguration(plane.plane);
    expect(await carried(first)).toEqual([
      ["policy/default/a", ["default e"]],
      ["policy/default/over", ["default p shop.test/a"]],
      ["policy/default/b", ["default e"]],
    ]);
  });

  test("is worked out anew where somebody else has changed it meanwhile", async () => {
    plane = await started({ POLICIES: [policy("a", "1m")] });
    await bootConfiguration(plane.plane);
    const { head: before } = await configuration();
    plane = await started({ POLICIES: [{ ...policy("a", "1m"), class: "standard" }] });
    const { log } = plane.plane;
    const value = JSON.stringify({ ...policy("mine", "1m"), key_pattern: "//mine.test/*" });
    const payload = { kind: "config", field: "policy/default/a", value, selectors: [] } as const;
    const query = { operationId: "x", requestDigest: "x", actor: "a", action: "b", detail: "", replicas: 0 };
    const append: Log["append"] = async (one) => {
      if (one.detail === "policy/default/a") await log.append({ ...query, payload });
      return log.append(one);
    };
    const hindered = { ...plane.plane, log: { ...log, append } };
    expect(await bootConfiguration(hindered)).toEqual({ kind: "done" });
    expect(await carried(before)).toEqual([["policy/default/a", ["default p mine.test/"]]]);
  });

  test("takes back only what it wrote itself", async () => {
    plane = await started({ POLICIES: [policy("a", "1m"), policy("b", "1m")] });
    await bootConfiguration(plane.plane);
    const field = "policy/default/mine";
    const payload = {
      kind: "config",
      field,
      value: JSON.stringify(policy("mine", "1m")),
      selectors: [],
    } as const;
    const query = { operationId: "x", requestDigest: "x", actor: "a", action: "b", detail: "", replicas: 0 };
    await plane.plane.log.append({ ...query, payload });
    plane = await started({ POLICIES: [policy("b", "1m")], SITES: SITES.slice(0, 1) });
    await bootConfiguration(plane.plane);
    expect([...(await configuration()).configuration.keys()].sort()).toEqual([
      "boot/fields",
      "policy/default/b",
      "policy/default/mine",
      "site/default",
    ]);
  });

  test("what of it can't be read is told by /readyz, and the rest holds", async () => {
    plane = await started({
      POLICIES: [policy("a", "1m"), { key_pattern: "(", class: "hot" }],
      REPLICAS: "x",
      CLUSTER_KEY: "",
    });
    const { status, json } = await plane.ask("/readyz");
    expect(status).toBe(503);
    expect(json.detail).toMatch(/REPLICAS.*CLUSTER_KEY is not set.*POLICIES: \/1\/key_pattern/);
    expect([...plane.plane.settings.fields.keys()]).toContain("policy/default/a");
  });
});

test("without Redis every route that needs it is a 503 problem that says when to try again, and it heals", async () => {
  await rest.kill();
  for (const path of [
    "/edges",
    "/invalidations",
    "/invalidations/x",
    "/cache-metrics",
    "/warmups/x",
    "/readyz",
  ]) {
    const { status, json, headers } = await plane.call(path);
    expect({ path, status, code: json.code }).toEqual({ path, status: 503, code: "unavailable" });
    expect(headers.get("retry-after")).toBe("1");
  }
  const purge = await plane.call("/invalidate", { tags: ["a"] });
  expect(purge).toMatchObject({ status: 503, json: { detail: expect.stringContaining("Idempotency-Key") } });
  expect((await plane.call("/warmup", { urls: ["/a"] })).status).toBe(503);
  expect((await plane.ask("/livez")).status).toBe(200);
  const failures = await beat(plane.plane, { boot: true, witness: plane.witness });
  const failed = ["boot", "budgets", "receipts", "repeats", "status", "witness"];
  expect([...failures.keys()].sort()).toEqual(failed);
  await rest.restart();
  await until("it is ready again", async () => (await plane.ask("/readyz")).status === 200);
  expect((await plane.call("/invalidate", { tags: ["a"] })).status).toBe(202);
});

test("an append that too few replicas have is a 503, and the same key finds it again", async () => {
  plane = await started({ REPLICAS: "1" });
  const key = { "idempotency-key": "k" };
  const first = await plane.call("/invalidate", { tags: ["a"] }, key);
  expect(first).toMatchObject({ status: 503, json: { code: "unavailable" } });
  plane = await started();
  const again = await plane.call("/invalidate", { tags: ["a"] }, key);
  expect(again).toMatchObject({ status: 202, json: { position: expect.stringMatching(/-1$/) } });
});
