// Edges write back while their journal's database is replaced by an older copy: no value of the origin ever goes back.

import { expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { readEnvironment } from "../../control-plane/configuration/settings.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { kickFlush } from "../../edge/writes/flush.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { millis } from "../../shared/core/units.ts";
import { JOURNAL_PARTITIONS } from "../../shared/mid-tier/journal.ts";
import {
  createJournalLedger,
  type JournalLedger,
  type JournalMarked,
} from "../../shared/mid-tier/journal-ledger.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Origin } from "../../shared/ports/origin.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { Chance } from "../simulator/chance.ts";
import { DIGEST } from "../simulator/digest.ts";
import { VirtualTime } from "../simulator/virtual-time.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { answer } from "../support/journal-origin.ts";
import { twoDatabases } from "../support/two-databases.ts";
import { virtualHost } from "../support/virtual-host.ts";

const SITES = [{ name: "a", hosts: ["a.test"], aliases: [], canonicalHost: "a.test" }];
/** In every other seed each write is an operation of its own. */
const policiesOf = (seed: number) => [
  { id: "all", site: "a", key_pattern: "/*", class: "session", write_back: { merge: seed % 2 === 0 } },
];
const URLS = Array.from({ length: 6 }, (_, index) => `http://a.test/${index}`);
const EDGES = 3;
/** When the database comes back, by how much older at most; until when edges write; when somebody looks; when all has ended. */
const [LOST, OLDER, WRITES, STANDS, ENDS] = [20_000, 8000, 60_000, 80_000, 200_000];

/** An origin that minds fences, and remembers no Idempotency-Key. */
class Values implements Origin {
  readonly held = new Map<string, number>();
  readonly wentBack: string[] = [];
  private readonly fences = new Map<string, number>();
  private readonly time: VirtualTime;
  private readonly chance: Chance;

  constructor(time: VirtualTime, chance: Chance) {
    this.time = time;
    this.chance = chance;
  }

  async fetch({ url, method, headers, body }: Parameters<Origin["fetch"]>[0]) {
    await this.time.pass(this.chance.between(5, 400));
    if (method !== "PUT") return answer(404, "nothing");
    if (this.chance.hit(0.1)) return answer(503, "");
    const value = body.kind === "bytes" ? Number(new TextDecoder().decode(body.bytes)) : Number.NaN;
    this.take(url, { value, fence: Number(headerValue(headers, "tidegate-fence")) });
    return this.chance.hit(0.1) ? answer(502, "") : answer(204, "");
  }

  private take(url: string, { value, fence }: { readonly value: number; readonly fence: number }): void {
    if (fence < (this.fences.get(url) ?? 0)) return;
    this.fences.set(url, fence);
    const before = this.held.get(url) ?? 0;
    if (value < before) this.wentBack.push(`${url}: ${value} over ${before} at ${this.time.now}`);
    this.held.set(url, value);
  }
}

function edgeOf(world: { redis: Redis; values: Values; time: VirtualTime; chance: Chance }): Edge {
  const { time, chance } = world;
  const host = virtualHost(time, chance);
  return bareEdge(world.redis, world.values, undefined, { host });
}

async function put(edge: Edge, url: string, value: number): Promise<number> {
  const bytes = new TextEncoder().encode(String(value)) as Uint8Array<ArrayBuffer>;
  const headers: HeaderList = [["content-length", String(bytes.length)]];
  const reply = await handleRequest(edge, {
    ...{ method: "PUT", url, background: UNKEPT, purpose: "client", arrivedAt: edge.clock.now() },
    body: { kind: "bytes", bytes },
    header: (name) => headerValue(headers, name),
    headers: () => headers,
  });
  return reply.status;
}

/** Edges, what they write back to, and the databases, one of which keeps its past. */
async function begin(seed: number) {
  const time = new VirtualTime();
  const chance = new Chance(`older ${seed}`);
  const values = new Values(time, chance.fork("origin"));
  const { journal, log, redis } = await twoDatabases(time, chance.fork("redis"));
  const ledger = createJournalLedger({
    databases: new Map([["one", { redis }]]),
    ...{ deadline: millis(5000), dueFor: millis(1000) },
  });
  const env = {
    ...{ CLUSTER_KEY: "k", SITES: JSON.stringify(SITES) },
    POLICIES: JSON.stringify(policiesOf(seed)),
  };
  const { settings } = readEnvironment(env, null);
  const booted = bootConfiguration({ log: createLog(redis, LOG_LIMITS), digest: DIGEST, settings });
  await time.runUntil(200);
  expect(await booted).toEqual({ kind: "done" });
  const edges = Array.from({ length: EDGES }, (_, index) =>
    edgeOf({ redis, values, time, chance: chance.fork(`edge ${index}`) }),
  );
  return { time, chance, values, journal, log, ledger, edges };
}

async function play(seed: number) {
  const { time, chance, values, journal, ledger, edges } = await begin(seed);
  const writing = chance.fork("writers");
  const acknowledged = new Map<string, number>();
  let written = 0;
  const write = (): void => {
    const [edge, url] = [writing.pick(edges), writing.pick(URLS)];
    const value = ++written;
    // One after another of each URL, as by one writer.
    void put(edge, url, value).then((status) => {
      if (status === 202) acknowledged.set(url, Math.max(value, acknowledged.get(url) ?? 0));
    });
  };
  for (let at = 300; at < WRITES; at += writing.between(20, 150)) time.at(at, write);

  let marked: ReadonlyMap<string, JournalMarked> = new Map();
  let losses = 0;
  const beat = async (): Promise<void> => {
    const tended = (await ledger.tend({ marked, name: "the journal" })).get("one");
    if (tended === undefined || "kind" in tended) return;
    losses += tended.lacks ? 1 : 0;
    marked = new Map(tended.mark === null ? [] : [["one", { ...tended.mark, samePlace: true }]]);
    for (const partition of tended.due) kickFlush(writing.pick(edges), { shard: "one", partition }, UNKEPT);
  };
  for (let at = 500; at < ENDS; at += 1000) time.at(at, () => void beat());
  const older = chance.between(50, OLDER);
  time.at(LOST, () => journal.rollBack(LOST - older));
  await time.runUntil(STANDS);
  const why = await dropParked(time, ledger);
  await time.runUntil(ENDS);
  const figures = (await within(time, () => ledger.figures())).get("one");
  return { values, losses, older, acknowledged, figures, why };
}

/** As somebody does who looks after it: behind one of a key there may be the next. What was said of each. */
async function dropParked(time: VirtualTime, ledger: JournalLedger): Promise<(string | null)[]> {
  const why: (string | null)[] = [];
  for (let round = 0; round < 4; round++) {
    const page = await within(time, () => ledger.list({ only: "dead-lettered", after: null, most: 1000 }));
    if (page.kind !== "page") throw new Error(page.reason);
    why.push(...page.operations.map((operation) => operation.why));
    for (const operation of page.operations) await within(time, () => ledger.change(operation, "drop"));
    await time.runUntil(time.now + 5000);
  }
  return why;
}

const SEEDS = [1, 2, 5, 8];
const played = new Map<number, ReturnType<typeof play>>();

async function playOnce(seed: number) {
  const known = played.get(seed) ?? play(seed);
  played.set(seed, known);
  return known;
}

/** What is asked while nobody lets the time pass. */
async function within<T>(time: VirtualTime, ask: () => Promise<T>, span = 100): Promise<T> {
  const asked = ask();
  await time.runUntil(time.now + span);
  return asked;
}

test("the origin's values never go back", async () => {
  for (const seed of SEEDS) expect((await playOnce(seed)).values.wentBack).toEqual([]);
}, 60_000);

test("the beat finds the loss once, and what is parked is of the copy", async () => {
  for (const seed of SEEDS) {
    const { losses, older, why } = await playOnce(seed);
    // What was lost between two beats only those know who had told of it.
    expect(losses).toBeGreaterThanOrEqual(older > 2000 ? 1 : 0);
    expect(losses).toBeLessThanOrEqual(1);
    for (const one of why) expect(one).toBe("came back with an older copy of the journal");
  }
});

test("where writes are merged, nothing stands still", async () => {
  for (const seed of SEEDS.filter((seed) => seed % 2 === 0)) expect((await playOnce(seed)).why).toEqual([]);
});

test("dropped, it leaves what was acknowledged since to reach the origin", async () => {
  for (const seed of SEEDS) {
    const { values, acknowledged, figures } = await playOnce(seed);
    if (figures === undefined || "kind" in figures) throw new Error("no figures");
    expect(figures).toMatchObject({ pending: 0, deadLettered: 0, operations: 0 });
    expect(figures.delivered + figures.dropped).toBe(figures.accepted);
    expect(values.held).toEqual(acknowledged);
  }
});

test("sent again, it is told to the log once more", async () => {
  const { time, journal, log, ledger, edges, values } = await begin(1);
  const [edge] = edges;
  const [url = ""] = URLS;
  if (edge === undefined) throw new Error("no edge");
  const kick = (): void => {
    for (let partition = 0; partition < JOURNAL_PARTITIONS; partition++)
      kickFlush(edge, { shard: "one", partition }, UNKEPT);
  };
  const told = (): number => Number(log.call(["HGET", "tg:log:head", "seq"]));
  let accepted = 0;
  void put(edge, url, 1).then(() => {
    accepted = time.now;
  });
  await time.runUntil(10_000);
  expect(values.held.get(url)).toBe(1);
  const before = told();
  journal.rollBack(accepted);
  kick();
  await time.runUntil(20_000);
  const page = await within(time, () => ledger.list({ only: "dead-lettered", after: null, most: 10 }));
  const [operation] = page.kind === "page" ? page.operations : [];
  if (operation === undefined) throw new Error("nothing is parked");
  const between = told();
  await within(time, () => ledger.change(operation, "retry"));
  kick();
  await time.runUntil(40_000);
  expect([between, told()]).toEqual([before, before + 1]);
});
