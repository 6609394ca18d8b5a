// Two hundred callers of a key whose loader fails: how often it is run, and how often at once, here and elsewhere.

import { type Cache as CachifiedCache, cachified } from "@epic-web/cachified";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache as createManager } from "cache-manager";
import { fakeTidegate } from "../../client/testing/fake-tidegate.ts";
import { systemClock } from "../../shared/runtime/system.ts";

export interface Failing {
  readonly name: string;
  readonly loads: number;
  readonly mostAtOnce: number;
}

const CALLERS = 200;
const TAKES_MS = 20;

export async function compareFailing(): Promise<Failing[]> {
  const found: Failing[] = [];
  for (const [name, read] of Object.entries(readers())) {
    let [loads, atOnce, mostAtOnce] = [0, 0, 0];
    const loader = async (): Promise<never> => {
      loads += 1;
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await new Promise((resolve) => setTimeout(resolve, TAKES_MS));
      atOnce -= 1;
      throw new Error("the source is down");
    };
    const calls: Promise<unknown>[] = [];
    for (let caller = 0; caller < CALLERS; caller++) {
      calls.push(read(loader).catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await Promise.all(calls);
    found.push({ name, loads, mostAtOnce });
  }
  return found;
}

type Read = (loader: () => Promise<never>) => Promise<unknown>;

function readers(): Record<string, Read> {
  const fake = fakeTidegate();
  Object.assign(fake.clock, systemClock(), {
    after(span: number, action: () => void) {
      const timer = setTimeout(action, span);
      return () => clearTimeout(timer);
    },
    sleep: (span: number) => new Promise((resolve) => setTimeout(resolve, span)),
  });
  const tidegate = fake.cache({ namespace: "bench", class: "hot" });
  const bento = new BentoCache({
    default: "near",
    stores: { near: bentostore().useL1Layer(memoryDriver({ maxItems: 100 })) },
    ttl: "1m",
  });
  const manager = createManager({ ttl: 60_000 });
  const map: CachifiedCache = new Map();
  return {
    tidegate: (loader) => tidegate.getOrFetch("key", loader),
    bentocache: (loader) => bento.getOrSet({ key: "key", factory: loader }),
    cachified: (loader) => cachified({ key: "key", cache: map, ttl: 60_000, getFreshValue: loader }),
    "cache-manager": (loader) => manager.wrap("key", loader),
  };
}
