// The caches that schedules are played on: this library's, and four that people use.

import { type Cache as CachifiedCache, cachified } from "@epic-web/cachified";
import { createCache as createDedupe } from "async-cache-dedupe";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache as createManager } from "cache-manager";
import { fakeTidegate } from "../../client/testing/fake-tidegate.ts";
import type { SubjectName } from "./names.ts";
import type { Subject } from "./schedule.ts";

/** Turns of the loop in which promises, `setImmediate` and timers of nought come to rest. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function settleForReal(): Promise<void> {
  await turn();
  await turn();
}

export function subjectNamed(name: SubjectName, seed: number): Subject {
  switch (name) {
    case "tidegate":
      return tidegate(seed);
    case "bentocache":
      return bento();
    case "cachified":
      return withCachified();
    case "cache-manager":
      return manager();
    case "async-cache-dedupe":
      return dedupe();
  }
}

function tidegate(seed: number): Subject {
  const fake = fakeTidegate(seed);
  const cache = fake.cache({
    ...{ namespace: "app", class: "hot" },
    // A source that has failed is asked again at once: the schedule decides when it is well.
    sources: { default: { retryShare: 0 } },
  });
  const options = { tags: ["both"] };
  return {
    read: (key, loader) => cache.getOrFetch(key, loader, options),
    delete: (key) => cache.delete(key),
    deleteTagged: () => cache.invalidate({ tags: ["both"] }),
    // A key whose source has failed is left alone for a moment: that is over by the next step.
    settle: () => fake.clock.advance(300),
  };
}

function bento(): Subject {
  const cache = new BentoCache({
    default: "near",
    stores: { near: bentostore().useL1Layer(memoryDriver({ maxItems: 100 })) },
    ttl: "1m",
  });
  return {
    read: (key, factory) => cache.getOrSet({ key, factory, tags: ["both"], timeout: "1m" }),
    delete: (key) => cache.delete({ key }),
    deleteTagged: () => cache.deleteByTag({ tags: ["both"] }),
    settle: settleForReal,
  };
}

function withCachified(): Subject {
  const cache: CachifiedCache = new Map();
  return {
    read: (key, getFreshValue) => cachified({ key, cache, ttl: 60_000, getFreshValue }),
    delete: async (key) => (cache as Map<string, unknown>).delete(key),
    settle: settleForReal,
  };
}

function manager(): Subject {
  const cache = createManager({ ttl: 60_000 });
  return {
    read: (key, loader) => cache.wrap(key, loader),
    delete: (key) => cache.del(key),
    settle: settleForReal,
  };
}

function dedupe(): Subject {
  const loaders = new Map<string, () => Promise<number>>();
  const cache = createDedupe({ ttl: 60, storage: { type: "memory" } }).define(
    "value",
    { references: () => ["both"] },
    (key: string) => loaders.get(key)?.() ?? Promise.reject(new Error("no loader")),
  );
  return {
    read(key, loader) {
      loaders.set(key, loader);
      return cache.value(key);
    },
    delete: (key) => cache.clear("value", key),
    deleteTagged: () => cache.invalidate("value", ["both"]),
    settle: settleForReal,
  };
}
