// Receipts tell the truth: about edges that leave and join, across retries and restarts, and in a new epoch of the log.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { followReceipts } from "../../control-plane/invalidate/follow.ts";
import { beat } from "../../control-plane/tick/beat.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { OneJournal } from "../support/one-journal.ts";
import { type RestFixture, startEmbeddedRest, until } from "../support/redis-server.ts";
import {
  askSigned,
  type FakeEdge,
  SITES,
  startFakeEdge,
  startPlane,
  type TestPlane,
} from "./control-harness.ts";

/** Of the standard class, and what is added to it. */
const BOUND = 30_250;

let now: number;
let rest: RestFixture;
let edges: FakeEdge[];
let plane: TestPlane;

beforeEach(async () => {
  now = 1_800_000_000_000;
  rest = await startEmbeddedRest(() => now);
  edges = await Promise.all(["one", "two", "three"].map(startFakeEdge));
  plane = await started(["one", "two"]);
});
afterEach(async () => {
  await plane.settled();
  await Promise.all(edges.map((edge) => edge.stop()));
  await rest.stop();
});

const edge = (id: string): FakeEdge => {
  const found = edges.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no edge ${id}`);
  return found;
};
const listOf = (ids: readonly string[]) => ids.map((id) => ({ id, url: edge(id).url }));
const started = (
  ids: readonly string[],
  more: Record<string, unknown> = {},
  redis: RestFixture | Redis = rest,
) => startPlane(redis, { SITES, EDGES: listOf(ids), ...more });

async function replaceList(ids: readonly string[]): Promise<void> {
  const { status } = await askSigned(plane, "/.tidegate/edges", JSON.stringify(listOf(ids)));
  expect(status).toBe(204);
}

/** Its receipt's path. */
async function purged(): Promise<string> {
  const { json } = await plane.call("/invalidate", { urls: ["/a"] });
  await plane.settled();
  now += 1;
  return json.receipt;
}

async function shown(receipt: string): Promise<Record<string, string>> {
  const { json } = await plane.call(receipt);
  const rows = json.edges.map((row: { edge: string; state: string }) => [row.edge, row.state]);
  return Object.fromEntries([["state", json.state], ...rows]);
}

describe("an edge that is taken off the list", () => {
  beforeEach(() => {
    edge("two").follows = false;
  });

  test("before it acknowledged is pending until it is fenced: it may go on serving", async () => {
    const receipt = await purged();
    await replaceList(["one"]);
    expect(await shown(receipt)).toEqual({ state: "converging", one: "applied", two: "pending" });
    await followReceipts(plane.plane);
    now += BOUND - 2;
    expect(await shown(receipt)).toEqual({ state: "converging", one: "applied", two: "pending" });
    now += 1;
    expect(await shown(receipt)).toEqual({ state: "converged", one: "applied", two: "fenced" });
  });

  test("owes nothing to what is accepted after it has left", async () => {
    await replaceList(["one"]);
    now += 1;
    expect(await shown(await purged())).toEqual({ state: "converged", one: "applied" });
  });

  test("is applied once it was seen to be, and when it is listed again", async () => {
    const receipt = await purged();
    await replaceList(["one"]);
    await replaceList(["one", "two"]);
    edge("two").position = edge("one").position;
    await collectStatus(plane.plane);
    await replaceList(["one"]);
    expect(await shown(receipt)).toEqual({ state: "converged", one: "applied", two: "applied" });
  });

  test("by another environment, the same, before and after the beat has noticed", async () => {
    await beat(plane.plane, { boot: true, witness: plane.witness });
    const receipt = await purged();
    plane = await started(["one"]);
    expect(await shown(receipt)).toEqual({ state: "converging", one: "applied", two: "pending" });
    expect(await beat(plane.plane, { boot: true, witness: plane.witness })).toEqual(new Map());
    expect(await shown(receipt)).toEqual({ state: "converging", one: "applied", two: "pending" });
    now += 1;
    expect(await shown(await purged())).toEqual({ state: "converged", one: "applied" });
  });

  test("is forgotten when the receipts of its time are", async () => {
    await replaceList(["one"]);
    now += 86_400_001;
    await replaceList(["one"]);
    const outcome = await plane.plane.edges.read();
    expect(outcome.kind === "directory" && [...outcome.directory.departed]).toEqual([]);
  });

  test("with nobody left, the receipt waits for whoever may still serve", async () => {
    const receipt = await purged();
    await replaceList([]);
    const { json } = await plane.call(receipt);
    expect(json).toMatchObject({ state: "converging", unlisted: { fencedAt: json.fencedAt } });
    now += BOUND;
    expect(await shown(receipt)).toEqual({ state: "converged", one: "applied", two: "fenced" });
  });
});

describe("an edge that joins", () => {
  test("while a receipt is open is pending: it may be an old process with an old view", async () => {
    edge("two").follows = false;
    const receipt = await purged();
    await replaceList(["one", "two", "three"]);
    edge("two").position = edge("one").position;
    await collectStatus(plane.plane);
    expect(await shown(receipt)).toEqual({
      state: "converging",
      one: "applied",
      two: "applied",
      three: "pending",
    });
    edge("three").position = edge("one").position;
    await collectStatus(plane.plane);
    expect(await shown(receipt)).toMatchObject({ state: "converged", three: "applied" });
  });

  test("after a receipt was closed changes nothing of it, even where nobody had looked at it yet", async () => {
    const receipt = await purged();
    await replaceList(["one", "two", "three"]);
    const before = { state: "converged", one: "applied", two: "applied" };
    expect(await shown(receipt)).toEqual(before);
    await beat(plane.plane, { boot: false, witness: plane.witness });
    expect(await shown(receipt)).toEqual(before);
    expect((await plane.call("/invalidations")).json.items[0]).toMatchObject({ state: "converged" });
  });

  test("after somebody was told that it has converged, too", async () => {
    edge("two").follows = false;
    const receipt = await purged();
    edge("two").position = edge("one").position;
    await collectStatus(plane.plane);
    // Nothing was recorded yet but where the edges are: being asked closes it.
    expect(await shown(receipt)).toMatchObject({ state: "converged" });
    await replaceList(["one", "two", "three"]);
    expect(await shown(receipt)).toEqual({ state: "converged", one: "applied", two: "applied" });
  });

  test("and edges that were fenced stay so, however much later they are seen", async () => {
    edge("two").follows = false;
    const receipt = await purged();
    now += BOUND;
    await followReceipts(plane.plane);
    edge("two").position = edge("one").position;
    await collectStatus(plane.plane);
    expect(await shown(receipt)).toEqual({ state: "converged", one: "applied", two: "fenced" });
  });
});

describe("an edge that joins between the look at the list and the record of what was found", () => {
  /** Lists it at the last moment, before the script that begins so. */
  const joiningBefore = (script: string): Redis => {
    const redis = rest.redis;
    let joined = false;
    return {
      async run(commands, deadline) {
        if (!joined && commands.some((command) => String(command[1]).includes(script))) {
          joined = true;
          await replaceList(["one", "two", "three"]);
        }
        return redis.run(commands, deadline);
      },
    };
  };
  const owes = { state: "converging", one: "applied", two: "applied", three: "pending" };

  test("is waited for by what the push would have closed", async () => {
    const late = await started(["one", "two"], {}, joiningBefore("which edges have applied them"));
    const { json } = await late.call("/invalidate", { urls: ["/a"] });
    await late.settled();
    expect(await shown(json.receipt)).toEqual(owes);
    edge("three").position = edge("one").position;
    now += 1;
    await collectStatus(plane.plane);
    expect(await shown(json.receipt)).toEqual({ ...owes, state: "converged", three: "applied" });
  });

  test("is waited for by what the beat would have closed", async () => {
    edge("two").follows = false;
    const receipt = await purged();
    edge("two").position = edge("one").position;
    await collectStatus(plane.plane);
    const late = await started(["one", "two"], {}, joiningBefore("Finds the receipts appended"));
    expect(await followReceipts(late.plane)).toMatchObject({ kind: "done" });
    expect(await shown(receipt)).toEqual(owes);
  });

  test("is waited for by what somebody's question would have closed, and he is told so", async () => {
    edge("two").follows = false;
    const receipt = await purged();
    edge("two").position = edge("one").position;
    await collectStatus(plane.plane);
    const late = await started(["one", "two"], {}, joiningBefore("which edges have applied them"));
    expect((await late.call(receipt)).json.state).toBe("converging");
    expect(await shown(receipt)).toEqual(owes);
  });
});

describe("isolates without an address", () => {
  test("are one row, and are waited for although every listed edge has applied it", async () => {
    plane = await started(["one", "two"], { UNLISTED: "on" });
    const receipt = await purged();
    const { json } = await plane.call(receipt);
    expect(json).toMatchObject({ state: "converging", unlisted: { fencedAt: json.fencedAt } });
    expect(Date.parse(json.fencedAt) - Date.parse(json.acceptedAt)).toBe(BOUND);
    now += BOUND;
    await followReceipts(plane.plane);
    const closed = (await plane.call(receipt)).json;
    expect(closed).toMatchObject({ state: "converged", unlisted: { fencedAt: json.fencedAt } });
    const { invalidations } = (await plane.call("/cache-metrics")).json;
    expect(invalidations).toMatchObject({ unfinished: 0, convergenceP99Ms: 30_720 });
  });
});

test("an edge that is listed at another's address has applied nothing", async () => {
  const { url } = edge("one");
  plane = await startPlane(rest, { SITES, EDGES: ["one", "two"].map((id) => ({ id, url })) });
  const receipt = await purged();
  await collectStatus(plane.plane);
  expect(await shown(receipt)).toEqual({ state: "converging", one: "applied", two: "pending" });
  const { json } = await plane.call("/edges");
  expect(json.items.map(({ state }: { state: string }) => state)).toEqual(["live", "silent"]);
});

describe("an invalidation that is sent again", () => {
  const key = { "idempotency-key": "again" };
  const body = { urls: ["/a"], wait: true, timeoutMs: 1000 };

  test("is pushed again: whoever appended it may not have lived to push it", async () => {
    const deaf = await started(["one", "two"], { PUSH: "off" });
    expect((await deaf.call("/invalidate", body, key)).status).toBe(202);
    expect(edge("one").pushed).toEqual([]);
    now += 2000;
    const { status, json } = await plane.call("/invalidate", body, key);
    expect({ status, state: json.state }).toEqual({ status: 200, state: "converged" });
    expect(edge("one").pushed).toEqual([["default u origin.test/a"]]);
    // Measured from its acceptance, not from the second attempt.
    for (const row of json.edges) expect(row.afterMs).toBeGreaterThanOrEqual(2000);
  });

  test("after the reply to its append was lost, too", async () => {
    const redis = rest.redis;
    let losing = true;
    const lossy: Redis = {
      async run(commands, deadline) {
        const outcome = await redis.run(commands, deadline);
        const isAppend = commands.some((command) => String(command[1]).includes("Appends one entry"));
        return losing && isAppend ? { kind: "unavailable", reason: "timeout" } : outcome;
      },
    };
    plane = await started(["one", "two"], {}, lossy);
    expect((await plane.call("/invalidate", body, key)).status).toBe(503);
    losing = false;
    expect((await plane.call("/invalidate", body, key)).json.state).toBe("converged");
    expect(edge("two").pushed).toEqual([["default u origin.test/a"]]);
  });

  test("waits for the same receipt after the control plane was restarted in the middle", async () => {
    edge("two").follows = false;
    const patient = { ...body, timeoutMs: 60_000 };
    const first = plane.call("/invalidate", patient, key);
    await until("it is pushed", () => edge("one").pushed.length === 1);
    const restarted = await started(["one", "two"]);
    const second = restarted.call("/invalidate", patient, key);
    await until("it is pushed again", () => edge("one").pushed.length === 2);
    edge("two").position = edge("one").position;
    await collectStatus(restarted.plane);
    const [a, b] = await Promise.all([first, second]);
    expect([a.status, b.status]).toEqual([200, 200]);
    expect(b.json).toEqual(a.json);
    expect((await restarted.call("/invalidations")).json.items).toHaveLength(1);
  });
});

test("a purge's answer does not wait for edges that have been silent", async () => {
  await collectStatus(plane.plane);
  now += LIMITS.liveFor + 1;
  const never = Promise.withResolvers<void>();
  const pushed: string[] = [];
  Object.assign(plane.plane, {
    timers: { ...plane.plane.timers, sleep: () => never.promise },
    async callEdge({ id }: { id: string }) {
      pushed.push(id);
      await never.promise;
      return { kind: "unreachable", reason: "silent" };
    },
  });
  expect((await plane.call("/invalidate", { urls: ["/a"] })).status).toBe(202);
  expect(pushed).toEqual(["one", "two"]);
  never.resolve();
});

describe("wait", () => {
  test("with no patience at all answers at once, although an edge does not", async () => {
    edge("two").answers = false;
    const waited: number[] = [];
    const sleep = async (span: number): Promise<void> => void waited.push(span);
    Object.assign(plane.plane, { timers: { ...plane.plane.timers, sleep } });
    const { status, json } = await plane.call("/invalidate", { urls: ["/a"], wait: true, timeoutMs: 0 });
    expect(waited).toEqual([0]);
    expect({ status, state: json.state }).toEqual({ status: 202, state: "converging" });
    expect(json.edges.find((row: { edge: string }) => row.edge === "two")).toMatchObject({
      state: "pending",
    });
  });

  test("goes on while Redis is away, and says 503 only where it is away at the end", async () => {
    const redis = rest.redis;
    let away = false;
    const shaky: Redis = {
      run: async (commands, deadline) =>
        away ? { kind: "unavailable", reason: "refused" } : redis.run(commands, deadline),
    };
    edge("two").follows = false;
    plane = await started(["one", "two"], {}, shaky);
    const waiting = plane.call("/invalidate", { urls: ["/a"], wait: true, timeoutMs: 30_000 });
    await until("it is pushed", () => edge("two").pushed.length === 1);
    await until("it is recorded", async () => (await shown(await newest())).one === "applied");
    away = true;
    const impatient = await plane.call("/invalidations/x");
    expect(impatient.status).toBe(503);
    away = false;
    edge("two").position = edge("one").position;
    await collectStatus(plane.plane);
    expect(await waiting).toMatchObject({ status: 200, json: { state: "converged" } });
  });

  const newest = async (): Promise<string> =>
    `/invalidations/${(await plane.call("/invalidations")).json.items[0].id}`;
});

describe("in a new epoch of the log", () => {
  /** As an edge does that holds what the log has lost. */
  async function newEpoch(): Promise<string> {
    const { log } = plane.plane;
    const before = await log.snapshot(0);
    if (before.kind !== "snapshot") throw new Error(before.kind);
    await log.since({ ...before.head, seq: before.head.seq + 1 }, 1);
    const after = await log.snapshot(0);
    if (after.kind !== "snapshot") throw new Error(after.kind);
    expect(after.head.epoch).toBeGreaterThan(before.head.epoch);
    return `${after.head.epoch}-${after.head.seq}`;
  }

  test("an edge has applied all that was purged before: nothing older is served there", async () => {
    edge("two").follows = false;
    const receipt = await purged();
    const begins = await newEpoch();
    expect(await shown(receipt)).toEqual({ state: "converging", one: "applied", two: "pending" });
    edge("two").position = begins;
    await collectStatus(plane.plane);
    const { json } = await plane.call(receipt);
    expect(json).toMatchObject({ state: "converged", mode: "hard", selectors: [], selectorsTotal: 1 });
    expect(json.edges[1]).toMatchObject({ edge: "two", state: "applied", position: begins });
  });

  test("an edge that is still in the old one has not applied what is purged in the new", async () => {
    edge("two").follows = false;
    await purged();
    edge("two").position = edge("one").position?.replace(/-\d+$/, "-999") ?? null;
    await newEpoch();
    await collectStatus(plane.plane);
    expect(await shown(await purged())).toEqual({ state: "converging", one: "applied", two: "pending" });
  });

  test("what was seen of an edge before an invalidation was appended says nothing of that", async () => {
    edge("two").follows = false;
    await purged();
    // It holds one entry more, which the log has lost; then it is cut off, and the place is taken.
    edge("two").position = (edge("one").position ?? "").replace(/\d+$/, (seq) => String(Number(seq) + 1));
    await collectStatus(plane.plane);
    edge("two").answers = false;
    now += 1;
    const receipt = await purged();
    expect((await plane.call(receipt)).json.position).toBe(edge("two").position);
    expect(await shown(receipt)).toEqual({ state: "converging", one: "applied", two: "pending" });
  });

  test("what an edge holds that the log has lost proves nothing", async () => {
    edge("two").follows = false;
    const receipt = await purged();
    const [epoch = "", seq = ""] = (edge("one").position ?? "").split("-");
    for (const position of [`${epoch}-${Number(seq) + 1}`, `${Number(epoch) + 1}-0`]) {
      edge("two").position = position;
      await collectStatus(plane.plane);
      expect(await shown(receipt), position).toEqual({ state: "converging", one: "applied", two: "pending" });
    }
    edge("two").position = `${epoch}-${seq}`;
    await collectStatus(plane.plane);
    expect(await shown(receipt)).toMatchObject({ state: "converged" });
  });
});

describe("a purge of URLs that are written back", () => {
  let journal: OneJournal;
  const dirtyOf = async (body: unknown): Promise<number> => {
    now += 1;
    const { json } = await plane.call("/invalidate", body);
    await plane.settled();
    const [one, many] = await Promise.all([plane.call(json.receipt), plane.call("/invalidations?limit=1")]);
    expect(many.json.items[0].dirty).toBe(one.json.dirty);
    return one.json.dirty;
  };
  const write = (nth: number, key = `${nth}`.repeat(64)) =>
    journal.write(`w${nth}`, { key, href: `http://origin.test/session/${nth}` });

  beforeEach(async () => {
    await plane.call("/policies", { key_pattern: "/session/*", class: "session", tags: ["carts"] });
    journal = new OneJournal(rest.redis);
  });

  test("says how many values it names that the origin does not have yet: these it does not hit", async () => {
    await write(1);
    await write(2);
    // Behind the first of its key: no other value.
    await write(3, "1".repeat(64));
    expect(await dirtyOf({ urls: ["/session/1"] })).toBe(1);
    for (const all of [{ prefixes: ["/session"] }, { classes: ["session"] }, { tags: ["carts"] }])
      expect([all, await dirtyOf(all)]).toEqual([all, 2]);
    expect(await dirtyOf({ urls: ["/session/9"], tags: ["other"] })).toBe(0);
  });

  test("says so of none that was written after it", async () => {
    const receipt = await purged();
    await write(1);
    expect((await plane.call(receipt)).json.dirty).toBe(0);
  });
});
