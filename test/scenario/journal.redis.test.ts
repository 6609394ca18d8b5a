// Ten thousand writes, while databases, edges and the origin are killed at random: none is lost, none is done
// twice, none overtakes another of its key, and whoever has written reads what he wrote.

import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Reply } from "../../edge/request.ts";
import { readWhole } from "../../edge/share-body.ts";
import { headerValue } from "../../shared/core/headers.ts";
import { Chance } from "../simulator/chance.ts";
import { JournalWorld, type Writer } from "../support/journal-chaos.ts";
import { until } from "../support/redis-server.ts";

/** The long edition is `npm run verify`'s: as many as leave a hundred thousand acknowledged, most of the others are unsure. */
const { WRITES, KEYS, KILLS, LONGEST } =
  process.env.TIDEGATE_LONG === "1"
    ? { WRITES: 120_000, KEYS: 1000, KILLS: 120, LONGEST: 540_000 }
    : { WRITES: 10_000, KEYS: 250, KILLS: 24, LONGEST: 120_000 };
const EDGES = 3;
/** Turns of the loop that whoever was refused waits before he goes on. */
const PATIENCE = 100;
/** The share of writes that are read back. */
const READ_BACK = 0.3;
const SEED = 20261126;

const chance = new Chance(`journal ${SEED}`);
const world = new JournalWorld(chance.fork("world"));
const tally = {
  reads: 0,
  unreachable: 0,
  unsure: 0,
  kills: { edges: 0, databases: 0 },
};

beforeAll(() => world.begin(EDGES));
afterAll(() => world.end());

const writers: Writer[] = Array.from({ length: KEYS }, (_, at) => ({
  url: `http://origin.test/${at % 2 === 0 ? "each" : "session"}/${at}`,
  ...{ acknowledged: 0, unsure: [], all: [] },
}));

async function textOf({ body }: Reply): Promise<string> {
  if (body.kind === "none") return "";
  const bytes = body.kind === "bytes" ? body.bytes : await readWhole(body.source, 1000);
  return new TextDecoder().decode(bytes ?? undefined);
}

/** One write after another, some of them read back at another edge. */
async function write(writer: Writer): Promise<void> {
  for (let number = 1; number <= WRITES / KEYS; number++) {
    const reply = await world.ask(world.someEdge(), "PUT", { url: writer.url, body: String(number) });
    if (reply?.status === 202) {
      expect(headerValue(reply.headers, "tidegate-journal")).not.toBeNull();
      writer.acknowledged = number;
      writer.all.push(number);
      writer.unsure = [];
    } else {
      if (reply !== null) expect(reply.status).toBe(503);
      tally.unsure += 1;
      writer.unsure.push(number);
      // As a client would who is told to come again later.
      for (let turns = 0; turns < PATIENCE; turns++) await turn();
    }
    if (chance.hit(READ_BACK)) await readBack(writer);
  }
}

async function readBack(writer: Writer): Promise<void> {
  if (writer.acknowledged === 0) return;
  const reply = await world.ask(world.someEdge(), "GET", { url: writer.url, body: null });
  // A database that is away, or an edge that has not heard of the log yet: that is said, and nothing older shown instead.
  if (reply === null || reply.status === 503) tally.unreachable += 1;
  else {
    expect(reply.status).toBe(200);
    const read = Number(await textOf(reply));
    tally.reads += 1;
    expect([writer.acknowledged, ...writer.unsure], `${writer.url} reads ${read}`).toContain(read);
    // What has been read is what it is from now on, although nobody had said so.
    if (writer.unsure.includes(read)) {
      writer.acknowledged = read;
      writer.unsure = writer.unsure.filter((number) => number > read);
    }
  }
}

let over = false;

/** The share of all writes that have been tried. */
const done = (): number =>
  writers.reduce((sum, { all, unsure }) => sum + all.length + unsure.length, 0) / WRITES;

/** Again and again while they write: an edge three times, then a database. */
async function kill(): Promise<void> {
  for (let number = 1; number <= KILLS; number++) {
    while (!over && done() < number / (KILLS + 1)) await turn();
    if (number % 4 === 0) {
      tally.kills.databases += 1;
      await world.killServer(chance.between(0, 1));
    } else {
      tally.kills.edges += 1;
      await world.killEdge(chance.between(0, EDGES - 1));
    }
    world.sweep();
    expect(await world.faults()).toEqual([]);
  }
}

test(`${WRITES} writes of ${KEYS} keys`, { timeout: LONGEST }, async () => {
  const away = { from: 0.3, to: 0.5 };
  world.originMisbehaves(() => !over && done() > away.from && done() < away.to);
  const killing = kill();
  await Promise.all(writers.map(write));
  over = true;
  await killing;
  await until(
    "the origin has all of it",
    async () => {
      await world.hurry();
      world.sweep();
      return (await world.figures())?.pending === 0;
    },
    LONGEST / 4,
  );
  expect(await world.faults()).toEqual([]);
  const figures = await world.figures();
  const { taken } = world.origin;
  console.log(
    JSON.stringify({ ...tally, ...figures, taken: taken.length, asked: world.origin.asked.length }),
  );
  expect(figures).toMatchObject({ pending: 0, deadLettered: 0, delivered: figures?.accepted });
  for (const writer of writers) {
    const numbers = taken.filter(({ url }) => url === writer.url).map(({ body }) => Number(body));
    // In order, and each once.
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    // Those that must not be merged are all there; of the others the last one is.
    const each = writer.url.includes("/each/");
    const owed = each ? writer.all : writer.all.slice(-1);
    if (each) expect(owed.filter((number) => !numbers.includes(number))).toEqual([]);
    expect(Math.max(...numbers)).toBeGreaterThanOrEqual(owed.at(-1) ?? 0);
    expect(world.origin.values.get(writer.url)).toBe(String(numbers.at(-1)));
  }
  expect(tally.reads).toBeGreaterThan(WRITES / 8);
});
