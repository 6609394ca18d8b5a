// A journal's database that comes back as an older copy: what the origin may have, and newer ones of, goes to nobody.

import { Redis as Connection } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import {
  createJournalLedger,
  type JournalLedger,
  type JournalMarked,
} from "../../shared/mid-tier/journal-ledger.ts";
import { journalOperationKey } from "../../shared/mid-tier/keys.ts";
import type { Claimed, Delivery, JournalWrite } from "../../shared/ports/journal.ts";
import { OneJournal } from "../support/one-journal.ts";
import { type ServerFixture, startServerRest } from "../support/redis-server.ts";

const DELIVERED: Delivery = { kind: "delivered", at: { epoch: 1, seq: 1 }, alone: true };
const UNTOLD: Delivery = { kind: "done", after: millis(0), why: "the log could not be told" };

let server: ServerFixture;
let connection: Connection;
/** Who has delivered all the time, and who begins after the loss; and one whose claims end at once. */
let edge: OneJournal;
let brief: OneJournal;
let fresh: OneJournal;
let ledger: JournalLedger;
let marked: ReadonlyMap<string, JournalMarked>;

beforeEach(async () => {
  server = await startServerRest();
  connection = new Connection({ port: server.port, host: "127.0.0.1" });
  [edge, fresh] = [new OneJournal(server.redis), new OneJournal(server.redis)];
  brief = new OneJournal(server.redis, { claimedFor: millis(0) });
  const databases = new Map([["one", { redis: server.redis }]]);
  ledger = createJournalLedger({ databases, deadline: millis(5000), dueFor: millis(0) });
  marked = new Map();
  await write("first");
  await beat();
  await deliver("first");
});
afterEach(async () => {
  connection.disconnect();
  await server.stop();
});

const keyOf = (name: string): string => Buffer.from(name).toString("hex").padStart(64, "0");

const write = (
  id: string,
  {
    of = id,
    by = edge,
    ...more
  }: Partial<JournalWrite> & { readonly of?: string; readonly by?: OneJournal } = {},
) =>
  by.write(id, {
    ...{ key: keyOf(of), body: new TextEncoder().encode(`of ${id}`) as Uint8Array<ArrayBuffer>, ...more },
  });

/** What the control plane does each second; whether it has found a loss. */
async function beat(): Promise<boolean> {
  const tended = (await ledger.tend({ marked, name: "the journal" })).get("one");
  if (tended === undefined || "kind" in tended) throw new Error("the database does not answer");
  marked = new Map(tended.mark === null ? [] : [["one", { ...tended.mark, samePlace: true }]]);
  return tended.lacks;
}

async function claimed(id: string, by = edge): Promise<Claimed> {
  const operations = await by.claim();
  expect(operations.map((operation) => operation.id)).toEqual([id]);
  return operations[0] as Claimed;
}

const deliver = async (id: string): Promise<void> => edge.said(await claimed(id), DELIVERED);

const idsOf = (operations: readonly Claimed[]): string[] => operations.map(({ id }) => id).sort();

async function held(of: string): Promise<string> {
  const read = await edge.journal.read(keyOf(of), "use");
  if (read.kind !== "value") return read.kind;
  return read.value.exists ? new TextDecoder().decode(read.value.body) : "deleted";
}

/** All that the database has, to come back later. */
async function copied(): Promise<() => Promise<void>> {
  const keys = await connection.keys("*");
  const dumps = await Promise.all(
    keys.map(async (key) => [key, await connection.pttl(key), await connection.dumpBuffer(key)] as const),
  );
  return async () => {
    await connection.flushall();
    for (const [key, ttl, dump] of dumps) await connection.restore(key, Math.max(0, ttl), dump as Buffer);
  };
}

/** `of` was written and delivered, and again: the copy has the first of the two, undelivered. */
async function undone(of: string): Promise<void> {
  await write("older", { of });
  const comesBack = await copied();
  await deliver("older");
  await write("newer", { of });
  await deliver("newer");
  await beat();
  await comesBack();
}

async function states(): Promise<Record<string, string>> {
  const page = await ledger.list({ only: "all", after: null, most: 100 });
  if (page.kind !== "page") throw new Error(page.reason);
  return Object.fromEntries(page.operations.map(({ id, state }) => [id, state]));
}

async function change(id: string, to: "retry" | "drop"): Promise<string> {
  const found = await ledger.find(id);
  if (found.kind !== "found") throw new Error(`${id} is ${found.kind}`);
  return (await ledger.change(found.operation, to)).kind;
}

async function accounts(): Promise<void> {
  const figures = (await ledger.figures()).get("one");
  if (figures === undefined || "kind" in figures) throw new Error("no figures");
  const { accepted, delivered, pending, deadLettered, dropped } = figures;
  expect(delivered + pending + deadLettered + dropped).toBe(accepted);
}

const toldName = async (): Promise<string> => (await connection.zrange("tg:j:told", "0", "0"))[0] ?? "";

const FINDERS: [string, () => Promise<readonly Claimed[]>][] = [
  ["an edge that has seen more of it, before any beat", () => edge.claim()],
  [
    "the beat, for an edge that has seen nothing",
    async () => {
      expect(await beat()).toBe(true);
      return fresh.claim();
    },
  ],
];

test.each(FINDERS)("found by %s: it is parked, and shown to nobody", async (_, claims) => {
  await undone("a");
  expect(await claims()).toEqual([]);
  expect(await held("a")).toBe("held");
  expect(await states()).toEqual({ older: "dead-lettered" });
  const found = await ledger.find("older");
  expect(found).toMatchObject({ operation: { why: "came back with an older copy of the journal" } });
  await accounts();
});

test("from the beat that finds it on it is not shown, parked or not", async () => {
  await undone("a");
  expect(await held("a")).toBe("of older");
  await beat();
  expect(await held("a")).toBe("held");
  // The next mark is the copy's own: it stays so.
  await write("other");
  await beat();
  expect(await beat()).toBe(false);
  expect(await held("a")).toBe("held");
  expect(idsOf(await fresh.claim())).toEqual(["other"]);
  expect(await held("other")).toBe("of other");
});

test("all of a key's are parked at once, each of them to be decided about", async () => {
  for (const id of ["one", "two", "three"]) await write(id, { of: "a" });
  const comesBack = await copied();
  await deliver("one");
  await comesBack();
  await write("since", { of: "a" });
  expect(await edge.claim()).toEqual([]);
  const parked = { one: "dead-lettered", two: "dead-lettered", three: "dead-lettered" };
  expect(await states()).toEqual({ ...parked, since: "behind" });
  await accounts();
  expect(await change("one", "drop")).toBe("dropped");
  expect(await edge.claim()).toEqual([]);
  // Nobody is sent for it any more.
  expect((await ledger.tend()).get("one")).toMatchObject({ due: [] });
  await accounts();
  expect(await change("three", "drop")).toBe("dropped");
  expect(await change("since", "retry")).toBe("behind");
  expect(await change("two", "retry")).toBe("retried");
  await deliver("two");
  expect(await held("a")).toBe("of since");
  await deliver("since");
  await accounts();
});

test("what is written afterwards is delivered and shown; of its key, once somebody has decided", async () => {
  await undone("a");
  await edge.claim();
  await write("since", { of: "a" });
  await write("another", { of: "b" });
  expect(idsOf(await edge.claim())).toEqual(["another"]);
  expect([await held("a"), await held("b")]).toEqual(["held", "of another"]);
  expect(await change("older", "drop")).toBe("dropped");
  expect(await held("a")).toBe("of since");
  await deliver("since");
  await accounts();
});

test("sent again by somebody who looked, it goes to the origin, parked by then or not", async () => {
  for (const parks of [false, true]) {
    await undone("a");
    await beat();
    if (parks) expect(await edge.claim()).toEqual([]);
    expect(await change("older", "retry")).toBe("retried");
    await edge.said(await claimed("older"), DELIVERED);
    // The origin may have had it before, and something else since.
    expect(await held("a")).toBe("absent");
    await accounts();
  }
  // And is held again where another copy comes back.
  await undone("a");
  expect(await edge.claim()).toEqual([]);
});

test("what was decided stands where somebody else finds the same copy later", async () => {
  const other = new OneJournal(server.redis);
  await write("by another");
  await other.said(await claimed("by another", other), DELIVERED);
  await undone("a");
  await beat();
  expect(await change("older", "retry")).toBe("retried");
  await edge.said(await claimed("older"), { kind: "retry", after: millis(0), why: "status 503" });
  expect(idsOf(await other.claim())).toEqual(["older"]);
});

test("nor is it shown again when what came after it is dropped", async () => {
  await undone("a");
  await beat();
  await write("since", { of: "a" });
  expect(await change("since", "drop")).toBe("dropped");
  expect(await held("a")).toBe("held");
  expect(await edge.claim()).toEqual([]);
  expect(await states()).toEqual({ older: "dead-lettered" });
});

test("a write that may be merged takes its place and goes to the origin, parked by then or not", async () => {
  for (const parks of [false, true]) {
    await undone("a");
    await beat();
    if (parks) expect(await edge.claim()).toEqual([]);
    await write("since", { of: "a", merges: true, by: brief });
    expect(await held("a")).toBe("of since");
    const operation = await claimed("since");
    expect(operation.tries).toBe(1);
    await accounts();
    await edge.said(operation, DELIVERED);
    expect(await states()).toEqual({});
    await accounts();
  }
});

test("what it replaces may be on its way: it is due when no claim from before can be", async () => {
  await undone("a");
  await beat();
  await write("since", { of: "a", merges: true });
  expect(await held("a")).toBe("of since");
  expect(await edge.claim()).toEqual([]);
  expect(await states()).toEqual({ since: "pending" });
});

test("one that waits behind it goes with the next that takes its place", async () => {
  await undone("a");
  await edge.claim();
  await connection.hset(journalOperationKey("older"), "fence", "1");
  await write("behind", { of: "a", merges: true, by: brief });
  expect(await states()).toEqual({ older: "dead-lettered", behind: "behind" });
  await connection.hdel(journalOperationKey("older"), "fence");
  await write("since", { of: "a", merges: true, by: brief });
  await deliver("since");
  expect(await states()).toEqual({});
  await accounts();
});

test("nor does a deletion among what waits end that, of the copy or written since", async () => {
  for (const kind of ["put", "delete"] as const) {
    await write("older", { of: "a", kind });
    const comesBack = await copied();
    await deliver("older");
    await comesBack();
    await edge.claim();
    await write("gone", { of: "a", kind: "delete", merges: true });
    await write("behind", { of: "a" });
    expect(await states()).toEqual({ older: "dead-lettered", gone: "behind", behind: "behind" });
    await write("since", { of: "a", merges: true, by: brief });
    expect(await held("a")).toBe("of since");
    await deliver("since");
    expect(await states()).toEqual({});
    await accounts();
  }
});

test("nor what was written since and has been sent", async () => {
  await undone("a");
  await edge.claim();
  await write("sent", { of: "a" });
  await connection.hset(journalOperationKey("sent"), "sent", "1");
  await write("since", { of: "a", merges: true, by: brief });
  expect(await states()).toEqual({ older: "dead-lettered", sent: "behind", since: "behind" });
});

test("what the origin has is told to the log before anything takes its place", async () => {
  await write("taken", { of: "a", merges: true });
  await edge.said(await claimed("taken"), UNTOLD);
  const comesBack = await copied();
  await write("b");
  const both = await edge.claim();
  await edge.claim({ results: both.map((one) => ({ claimed: one, delivery: DELIVERED })), most: 0 });
  await comesBack();
  await edge.claim({ partitions: [], most: 0 });
  await write("since", { of: "a", merges: true, by: brief });
  expect((await claimed("taken")).done).toBe(true);
});

test("a clock that goes back and a reply that is lost are no loss", async () => {
  await write("one");
  await connection.zadd("tg:j:told", Date.now() + 5000, await toldName());
  const [operation] = await edge.claim();
  if (operation === undefined) throw new Error("nothing is due");
  await edge.said(operation, DELIVERED);
  await write("two");
  expect(idsOf(await edge.claim())).toEqual(["two"]);
  expect(await states()).toEqual({ two: "sending" });
});

test("nor does such a clock hide one: each telling is later than the one before it", async () => {
  await connection.zadd("tg:j:told", Date.now() + 60_000, await toldName());
  await write("one");
  await deliver("one");
  await undone("a");
  expect(await edge.claim()).toEqual([]);
  expect(await states()).toEqual({ older: "dead-lettered" });
});

test("a claim that was handed out long after the last telling, and lost, is waited for all the same", async () => {
  const short = new OneJournal(server.redis, { claimedFor: millis(10_000) });
  await write("older", { of: "a" });
  const comesBack = await copied();
  await deliver("older");
  await comesBack();
  await connection.zadd("tg:j:told", Date.now() - 20_000, await toldName());
  await edge.claim();
  await connection.hset("tg:j:figures", "older_until", Date.now() - 20_000);
  await connection.hset(journalOperationKey("older"), "at", Date.now() - 20_000);
  await write("since", { of: "a", merges: true, by: short });
  expect(await edge.claim()).toEqual([]);
});

test("what the origin has is one telling, however often the log can't be told", async () => {
  await write("taken");
  const first = await claimed("taken");
  await edge.said(first, UNTOLD);
  for (let i = 0; i < 3; i++) {
    const again = await claimed("taken");
    expect(again).toMatchObject({ done: true, takenBy: first.fence });
    expect(again.fence).not.toBe(first.fence);
    await edge.said(again, UNTOLD);
  }
});

test("where the clock of what came back is behind, what is written later is delivered all the same", async () => {
  await connection.zadd("tg:j:told", Date.now() + 60_000, await toldName());
  await write("one");
  await deliver("one");
  await connection.del("tg:j:told");
  marked = new Map(
    [...marked].map(([id, mark]) => [id, { ...mark, at: Date.now() + 60_000, delivered: 99 }]),
  );
  await write("before");
  await beat();
  expect(await edge.claim()).toEqual([]);
  for (let i = 0; i < 3; i++) await beat();
  await write("since");
  expect(idsOf(await edge.claim())).toEqual(["since"]);
});

test("where its clock is behind, all that it has is held, and what comes after is not", async () => {
  await connection.zadd("tg:j:told", Date.now() + 60_000, await toldName());
  await write("one");
  await deliver("one");
  await write("older", { of: "a" });
  await write("waits", { of: "b" });
  const ahead = Date.now() + 59_000;
  for (const id of ["older", "waits"]) await connection.hset(journalOperationKey(id), "at", ahead);
  const comesBack = await copied();
  const both = await edge.claim();
  await edge.claim({
    results: both.map((one) => ({ claimed: one, delivery: DELIVERED })),
    partitions: [],
    most: 0,
  });
  await comesBack();
  expect(await edge.claim()).toEqual([]);
  expect([await held("a"), await held("b")]).toEqual(["held", "held"]);
  expect(await change("older", "retry")).toBe("retried");
  await write("since", { of: "b", merges: true, by: brief });
  await write("another", { of: "c" });
  await beat();
  expect(idsOf(await edge.claim())).toEqual(["another", "older", "since"]);
  await accounts();
});

test("one that is merged with it before anybody has found it is none of the copy", async () => {
  await undone("a");
  await write("since", { of: "a", merges: true });
  await beat();
  expect(await held("a")).toBe("of since");
  expect((await edge.claim()).map(({ request }) => request)).toEqual(["since"]);
});

test("what the origin has refused is none that a write takes the place of", async () => {
  await write("refused", { of: "a" });
  await edge.said(await claimed("refused"), { kind: "refused", why: "status 403" });
  const comesBack = await copied();
  await write("b");
  await deliver("b");
  await comesBack();
  await edge.claim();
  await write("since", { of: "a", merges: true });
  expect(await edge.claim()).toEqual([]);
  expect(await states()).toEqual({ refused: "dead-lettered", since: "behind" });
});

test("nor one that somebody has sent again", async () => {
  await undone("a");
  await edge.claim();
  expect(await change("older", "retry")).toBe("retried");
  const onItsWay = await claimed("older");
  await write("since", { of: "a", merges: true });
  expect(await edge.claim()).toEqual([]);
  await edge.said(onItsWay, DELIVERED);
  await deliver("since");
  await accounts();
});

test("nor is anything merged with what waits behind that, and is of the copy", async () => {
  await write("one", { of: "a" });
  await write("two", { of: "a" });
  const comesBack = await copied();
  await deliver("one");
  await beat();
  await comesBack();
  await beat();
  expect(await change("one", "retry")).toBe("retried");
  await claimed("one");
  await write("since", { of: "a", merges: true });
  expect(await states()).toEqual({ one: "sending", two: "behind", since: "behind" });
});

test("what it was told under a claim that it does not know is a delivery that it lacks", async () => {
  await write("merged", { of: "a", merges: true });
  const comesBack = await copied();
  await write("newer", { of: "a", merges: true });
  const taken = await claimed("merged");
  expect(taken.request).toBe("newer");
  await comesBack();
  await write("other");
  const operations = await edge.claim({ results: [{ claimed: taken, delivery: DELIVERED }] });
  expect(idsOf(operations)).toEqual(["other"]);
  expect(await states()).toMatchObject({ merged: "dead-lettered" });
  expect(Number(await connection.hget("tg:j:figures", "older_until"))).toBeLessThanOrEqual(Date.now());
});

/** One that the copy has as it was before another write was merged with it, and that one in somebody's hands. */
async function mergedSince(): Promise<Claimed> {
  await write("first of two", { of: "a", merges: true });
  const comesBack = await copied();
  await write("newer", { of: "a", merges: true });
  const taken = await claimed("first of two");
  await comesBack();
  return taken;
}

const UNSAID: Delivery = { kind: "retry", after: millis(0), why: "status 502" };

test("what the origin may have taken of a later state of it is not undone, and holds nothing else", async () => {
  // Whether the number of that claim is one that this has yet to draw, or has passed.
  for (const passed of [false, true]) {
    const taken = await mergedSince();
    await write("other", { of: "b" });
    if (passed) await connection.hset("tg:j:figures", "fence", Number(taken.fence) + 1);
    const operations = await edge.claim({ results: [{ claimed: taken, delivery: UNSAID }] });
    expect(idsOf(operations)).toEqual(["other"]);
    expect(await states()).toEqual({ "first of two": "dead-lettered", other: "sending" });
    expect(await held("a")).toBe("held");
    await write("since", { of: "a", merges: true });
    // Nobody knows what else was on its way of it.
    expect(await edge.claim()).toEqual([]);
    expect(await states()).toEqual({ since: "pending", other: "sending" });
    await accounts();
    await connection.flushall();
  }
});

test("sent again by somebody who looked, that goes to the origin too", async () => {
  const taken = await mergedSince();
  await edge.said(taken, UNSAID);
  expect(await change("first of two", "retry")).toBe("retried");
  const again = await claimed("first of two");
  expect(again.maybeTaken).toBe(true);
  await edge.said(again, DELIVERED);
  await accounts();
});

test("as it was when the origin may have taken it, it is sent again, and not as for the first time", async () => {
  await write("sent", { of: "a", merges: true });
  const comesBack = await copied();
  const taken = await claimed("sent");
  await comesBack();
  await edge.said(taken, UNSAID);
  await write("since", { of: "a", merges: true });
  const again = await edge.claimed({ asOf: { epoch: 1, seq: 5 } });
  expect(again).toMatchObject({ id: "sent", request: "sent", maybeTaken: true, firstAskedAsOf: null });
});

test("what was not asked of the origin is sent as it stands", async () => {
  const taken = await mergedSince();
  await edge.said(taken, { kind: "held", after: millis(0), why: "held back" });
  expect(await claimed("first of two")).toMatchObject({ request: "first of two", maybeTaken: false });
});

test("conditions are the origin's to compare with", async () => {
  await undone("a");
  await beat();
  expect(await write("x", { of: "a", ifMatch: ['"older"'] })).toEqual({ kind: "unknown" });
  await edge.claim();
  expect(await write("x", { of: "a", ifNoneMatch: "any" })).toEqual({ kind: "unknown" });
});

test("where no delivery is lacking, what waits goes on waiting, and is shown", async () => {
  await beat();
  await write("waits");
  const comesBack = await copied();
  await write("lost");
  await beat();
  await edge.claim({ partitions: [], most: 0 });
  await comesBack();
  expect(await beat()).toBe(true);
  expect(await held("waits")).toBe("of waits");
  expect(idsOf(await edge.claim())).toEqual(["waits"]);
});

test("a delivery alone that is lacking is enough: what has passed the journal since would be undone", async () => {
  await write("waits");
  const comesBack = await copied();
  await deliver("waits");
  await comesBack();
  expect(await edge.claim()).toEqual([]);
  expect(await states()).toEqual({ waits: "dead-lettered" });
});

test("what the origin has said that it has is told to the log", async () => {
  await write("taken", { of: "a" });
  await edge.said(await claimed("taken"), UNTOLD);
  const comesBack = await copied();
  await deliver("taken");
  await write("newer", { of: "a" });
  await deliver("newer");
  await comesBack();
  expect((await claimed("taken")).done).toBe(true);
});

test("an emptied database holds nothing that is written to it afterwards", async () => {
  await write("delivered");
  await deliver("delivered");
  await beat();
  await connection.flushall();
  await write("since");
  expect(await beat()).toBe(true);
  expect(await held("since")).toBe("of since");
  expect(idsOf(await edge.claim())).toEqual(["since"]);
});

test("more than one call looks at is parked by the calls after it, and hides nothing that is new", async () => {
  for (let i = 0; i < 60; i++) await write(`older${i}`);
  const comesBack = await copied();
  for (let left = 60; left > 0; ) {
    const some = await edge.claim();
    const results = some.map((operation) => ({ claimed: operation, delivery: DELIVERED }));
    await edge.claim({ results, partitions: [], most: 0 });
    left -= some.length;
  }
  await write("newer");
  await beat();
  await deliver("newer");
  await comesBack();
  // As many as are lacking: by their number alone nothing would be.
  await write("since");
  expect(idsOf(await edge.claim({ most: 1 }))).toEqual(["since"]);
  expect(await edge.claim()).toEqual([]);
  expect(Object.values(await states()).filter((state) => state === "dead-lettered")).toHaveLength(60);
});

test("with replicas, what tells of a delivery waits for them, and nothing else does", async () => {
  const sent: unknown[][] = [];
  const watched = new OneJournal({
    run: (commands, deadline) => {
      sent.push(commands.map(([name]) => name));
      return server.redis.run(commands, deadline);
    },
  });
  await write("one");
  const [operation] = await watched.claim({ replicas: 2 });
  if (operation === undefined) throw new Error("nothing is due");
  const tell = (delivery: Delivery) =>
    watched.claim({ replicas: 2, results: [{ claimed: operation, delivery }], partitions: [], most: 0 });
  await tell({ kind: "held", after: millis(60_000), why: "not asked" });
  await tell(DELIVERED);
  expect(sent).toEqual([["EVAL"], ["EVAL"], ["EVAL", "WAIT"]]);
});
