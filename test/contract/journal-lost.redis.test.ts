// A journal's database that comes back without what it had acknowledged: the next beat finds it, and it is told once.

import { Redis as Connection } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import type { Check } from "../../control-plane/doctor/check.ts";
import type { JournalWitness } from "../../control-plane/journal/witness.ts";
import { type BeatFailures, beat } from "../../control-plane/tick/beat.ts";
import { JOURNAL_FIGURES } from "../../shared/mid-tier/keys.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { memoryJournalWitness } from "../support/memory-journal-witness.ts";
import { OneJournal } from "../support/one-journal.ts";
import {
  type RestFixture,
  replyTo,
  startEmbeddedRest,
  startServerRest,
  until,
} from "../support/redis-server.ts";
import { startPlane, type TestPlane } from "./control-harness.ts";

let control: RestFixture;
/** The journal's database, and another one. */
let first: RestFixture;
let other: RestFixture;
let now: Pick<RestFixture, "redis">;
let url: string;
let witness: JournalWitness;
let world: TestPlane;
let plane: TestPlane["plane"];
let written = 0;
beforeEach(async () => {
  [control, first, other] = await Promise.all([
    startEmbeddedRest(),
    startEmbeddedRest(),
    startEmbeddedRest(),
  ]);
  [now, url, written] = [first, "http://one.test", 0];
  witness = memoryJournalWitness();
  vi.spyOn(console, "error").mockImplementation(() => {});
  await begin();
  await beats();
});
afterEach(() => Promise.all([control, first, other].map((each) => each.stop())));

/** A control plane that knows nothing but what is kept. */
async function begin(id = "shard-2"): Promise<void> {
  const redis: Redis = { run: (commands, deadline) => now.redis.run(commands, deadline) };
  world = await startPlane(control, {}, undefined, new Map([[id, { redis, weight: 1, url }]]));
  plane = world.plane;
}

const beats = (on: Partial<TestPlane["plane"]> = {}): Promise<BeatFailures> =>
  beat({ ...plane, ...on }, { boot: false, witness: world.witness, journalWitness: witness });

/** A database that waits for its disk is late for one beat and not for the next. */
const beatsWell = () => until("a beat leaves nothing undone", async () => (await beats()).size === 0);

async function write(count: number): Promise<void> {
  const journal = new OneJournal(now.redis);
  for (let i = 0; i < count; i++) {
    written += 1;
    const key = String(written).padStart(64, "0");
    expect(await journal.write(`w${written}`, { key })).toMatchObject({ kind: "accepted" });
  }
}

/** What the journal says of itself, to be put back, there or elsewhere. */
async function copied(): Promise<(to?: RestFixture) => Promise<unknown>> {
  const fields = (await replyTo(now.redis, "HGETALL", JOURNAL_FIGURES)) as string[];
  return async (to = first) => {
    await replyTo(to.redis, "FLUSHALL");
    await replyTo(to.redis, "HSET", JOURNAL_FIGURES, ...fields);
  };
}

const losses = async () => (await world.call("/journal")).json.losses;
const lacking = async (): Promise<number[]> =>
  (await losses()).map(({ lacks }: { readonly lacks: number }) => lacks);

/** Five that a copy has, and four more that are acknowledged since. */
async function restored(): Promise<void> {
  await write(5);
  await beats();
  const putBack = await copied();
  await write(4);
  await beats();
  await putBack();
}

test("an older copy in its place is a loss, and told once: in the API, the metrics, the audit and by the doctor", async () => {
  await restored();
  for (let i = 0; i < 3; i++) await beats();
  expect(await losses()).toEqual([{ foundAt: expect.any(Number), database: "shard-2", lacks: 4 }]);
  const { json } = await world.call("/cache-metrics");
  expect(json.journal.losses).toEqual(await losses());
  const { items } = (await world.call("/audit?action=journal.lost")).json;
  expect(items).toMatchObject([{ actor: "control-plane", detail: { database: "shard-2", lacks: 4 } }]);
  const { checks } = (await world.call("/doctor")).json as { checks: Check[] };
  expect(checks.find(({ id }) => id === "journal-lost-shard-2")).toMatchObject({
    state: "fail",
    what: expect.stringContaining("shard-2 came back without 4 acknowledged writes"),
  });
});

test("it is one also where more has been written since than it lacks", async () => {
  await restored();
  await write(50);
  await beats();
  expect(await lacking()).toEqual([4]);
});

test("and where as many have been written since as it lacks", async () => {
  await restored();
  await write(4);
  await beats();
  expect(await lacking()).toEqual([4]);
});

test("a mark that is lost alone, with nothing that it counts, is no loss", async () => {
  await write(5);
  await beats();
  await write(4);
  const putBack = await copied();
  await beats();
  await putBack();
  await beats();
  await write(1);
  await beats();
  expect(await losses()).toEqual([]);
});

test("an emptied database is one, whatever is written to it before anybody looks", async () => {
  await write(3);
  await beats();
  await replyTo(now.redis, "FLUSHALL");
  await write(20);
  for (let i = 0; i < 2; i++) await beats();
  expect(await lacking()).toEqual([3]);
});

test("each loss is one of its own, also where the same copy is put back when it has come as far again", async () => {
  await write(5);
  await beats();
  const putBack = await copied();
  for (let i = 0; i < 3; i++) {
    await write(4);
    await beats();
    await putBack();
    await beats();
  }
  expect(await lacking()).toEqual([4, 4, 4]);
});

test("a control plane that begins anew finds what was lost while none was there, and tells nothing twice", async () => {
  await restored();
  await begin();
  await beats();
  await begin();
  await beats();
  expect(await lacking()).toEqual([4]);
});

test("one that has lost its reply, or whose log is away, is found by a later beat, once", async () => {
  await restored();
  const unavailable = async () => ({ kind: "unavailable", reason: "timeout" }) as const;
  const { log } = plane;
  for (const append of [unavailable, async () => ({ kind: "unreplicated" }) as const])
    expect((await beats({ log: { ...log, append } })).has("journal")).toBe(true);
  // Taken, and not said so.
  const append: typeof log.append = async (entry) => {
    await log.append(entry);
    return unavailable();
  };
  await beats({ log: { ...log, append } });
  await write(10);
  for (let i = 0; i < 2; i++) await beats();
  expect(await lacking()).toEqual([4]);
});

test("while the witness can't be asked nothing is marked that would hide it", async () => {
  await restored();
  await write(10);
  const { read } = witness;
  witness = { ...witness, read: async () => ({ kind: "unavailable", reason: "away" }) };
  await beats();
  witness = { ...witness, read };
  await beats();
  expect(await lacking()).toEqual([4]);
});

test("no reply, a lost reply, or one that never wrote anything says nothing", async () => {
  await beats();
  await write(5);
  await beats();
  const { journal } = plane;
  const silent = async () => new Map([["shard-2", { kind: "unavailable", reason: "timeout" } as const]]);
  await beats({ journal: { ...journal, tend: silent } });
  await write(5);
  const lost: typeof journal.tend = async (comparing) => {
    await journal.tend(comparing);
    return silent();
  };
  await beats({ journal: { ...journal, tend: lost } });
  for (let i = 0; i < 2; i++) await beats();
  expect(await losses()).toEqual([]);
});

test("a first look at a journal that has been in use says nothing, nor does one that was marked by another control plane", async () => {
  await write(5);
  await beats();
  witness = memoryJournalWitness();
  await begin();
  await write(5);
  for (let i = 0; i < 2; i++) await beats();
  expect(await losses()).toEqual([]);
});

test("another database under the name is none where it is reached elsewhere; an older copy of the same is one", async () => {
  await write(5);
  await beats();
  const putBack = await copied();
  await write(2);
  await beats();
  await putBack(other);
  [now, url] = [other, "http://two.test"];
  await begin();
  await beats();
  expect(await lacking()).toEqual([2]);
  await replyTo(first.redis, "FLUSHALL");
  [now, url] = [first, "http://one.test"];
  await begin();
  for (let i = 0; i < 2; i++) await beats();
  expect(await lacking()).toEqual([2]);
});

test("a name that was off the list in between is looked at for the first time", async () => {
  await write(5);
  await beats();
  await begin("shard-3");
  now = other;
  await beats();
  await begin();
  await beats();
  expect(await losses()).toEqual([]);
});

test("no more of them are kept than of the log's", async () => {
  for (let i = 0; i < LIMITS.lossesKept + 2; i++) {
    await write(1);
    await beats();
    await replyTo(now.redis, "FLUSHALL");
    await beats();
  }
  expect(await losses()).toHaveLength(LIMITS.lossesKept);
});

test("a replica of redis-server that is promoted without the last writes has lost them", async () => {
  const servers = await Promise.all([startServerRest(), startServerRest()]);
  const [primary, replica] = servers;
  const connection = new Connection({ port: replica.port, host: "127.0.0.1" });
  try {
    now = primary;
    await write(5);
    await beatsWell();
    await connection.replicaof("127.0.0.1", primary.port);
    const follows = async () => (await connection.hget(JOURNAL_FIGURES, "marked").catch(() => null)) === "5";
    await until("the replica has the mark", follows, 15_000);
    await connection.replicaof("NO", "ONE");
    await write(3);
    await beatsWell();
    now = replica;
    await write(10);
    for (let i = 0; i < 2; i++) await beatsWell();
    expect(await lacking()).toEqual([3]);
  } finally {
    connection.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  }
}, 30_000);
