// What a hit in the own process takes, here and in caches that people use, round by round in one run.

import { deepStrictEqual } from "node:assert";
import { type Cache as CachifiedCache, cachified } from "@epic-web/cachified";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache as createManager } from "cache-manager";
import { fakeTidegate } from "../../client/testing/fake-tidegate.ts";
import { systemClock } from "../../shared/runtime/system.ts";

interface Subject {
  readonly name: string;
  read(key: string): Promise<unknown>;
}

type Load = () => Promise<typeof VALUE>;

const KEYS = 1000;
const READS = 20_000;

/** Microseconds a hit, the median of the rounds, by the cache's name. */
export async function compareHits(rounds: number): Promise<Record<string, number>> {
  const subjects = [await tidegate(), await manager(), await bento(), await withCachified()];
  const took = new Map(subjects.map(({ name }): [string, number[]] => [name, []]));
  // One round to warm up, whose figures are dropped.
  for (let round = 0; round <= rounds; round++)
    for (const subject of subjects) {
      const microseconds = await measure(subject);
      if (round > 0) took.get(subject.name)?.push(microseconds);
    }
  return Object.fromEntries([...took].map(([name, figures]) => [name, median(figures)]));
}

async function measure({ read }: Subject): Promise<number> {
  const began = performance.now();
  for (let at = 0; at < READS; at++) await read(`key-${at % KEYS}`);
  return ((performance.now() - began) * 1000) / READS;
}

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;

const VALUE = { id: 1, name: "somebody", tags: ["a", "b"], at: 1_700_000_000 };

/** With every key once: whoever loads one again is not measured by his hits. Throws where what is read is another value. */
async function filled(name: string, reader: (key: string, load: Load) => Promise<unknown>): Promise<Subject> {
  let loads = 0;
  const load: Load = async () => {
    loads += 1;
    if (loads > KEYS) throw new Error(`${name} does not keep what it has loaded`);
    return VALUE;
  };
  const read = (key: string): Promise<unknown> => reader(key, load);
  for (let key = 0; key < KEYS; key++) {
    const name = `key-${key}`;
    await read(name);
    deepStrictEqual(await read(name), VALUE);
  }
  return { name, read };
}

/** Over a mid-tier in memory, on the process's own clock: a hit asks nobody, and reads the time. */
async function tidegate(): Promise<Subject> {
  const fake = fakeTidegate();
  Object.assign(fake.clock, systemClock());
  const cache = fake.cache({
    namespace: "bench",
    class: "hot",
    classes: { hot: { window: "1h", ttl: "1h" } },
  });
  return filled("tidegate", (key, load) => cache.getOrFetch(key, load));
}

function manager(): Promise<Subject> {
  const cache = createManager({ ttl: 3_600_000 });
  return filled("cache-manager", (key, load) => cache.wrap(key, load));
}

function bento(): Promise<Subject> {
  const stores = { near: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) };
  const cache = new BentoCache({ default: "near", stores, ttl: "1h" });
  return filled("bentocache", (key, load) => cache.getOrSet({ key, factory: load }));
}

function withCachified(): Promise<Subject> {
  const cache: CachifiedCache = new Map();
  return filled("cachified", (key, load) => cachified({ key, cache, ttl: 3_600_000, getFreshValue: load }));
}
