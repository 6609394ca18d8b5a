// A whole mid-tier in memory, with a clock of its own: for tests of programs that cache.

import type { Digest, Random } from "../../shared/ports/identity.ts";
import { policyField, REPLICAS_FIELD } from "../../shared/wire/configuration.ts";
import { originField } from "../../shared/wire/origin-limits.ts";
import type { Cache } from "../cache/cache.ts";
import { type CacheOptions, cacheOver } from "../cache/create-cache.ts";
import { CACHE_LIMITS } from "../cache/limits.ts";
import type { KeyPolicy } from "../cache/policies.ts";
import { FakeBudget } from "./fake-budget.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeMidTier } from "./fake-mid-tier.ts";
import { type Condition, Reachable } from "./reachable.ts";
import { TestClock } from "./test-clock.ts";

export interface FakeTidegate {
  readonly clock: TestClock;
  /** Another program's cache with each call: they share this mid-tier, and nothing else. */
  cache(options: Omit<CacheOptions, "redis">): Cache;
  /** What can be said of the databases, for every cache at once. */
  readonly shared: {
    condition: Condition;
    takes(latency: number | string): void;
    flush(): void;
    readonly size: number;
  };
  readonly log: { condition: Condition; takes(latency: number | string): void };
  /** A row of the site's metadata table, as the control plane would put it; null takes it out. Programs hear of it as they hear of a purge. */
  policy(id: string, row: KeyPolicy | null, site?: string): void;
  /** What the site's origin may be asked for: its `limits` as the control plane takes them. */
  originLimits(limits: Readonly<Record<string, unknown>>, site?: string): void;
  /** @internal By how many replicas an entry has to be held before the log tells it: the control plane's `REPLICAS`. */
  replicas(count: number): void;
}

/** `seed`: of all that is left to chance, so that a test that fails does so again. */
export function fakeTidegate(seed = 1): FakeTidegate {
  const clock = new TestClock();
  const [sharedReach, logReach] = [
    new Reachable(clock, CACHE_LIMITS.readDeadline),
    new Reachable(clock, CACHE_LIMITS.logDeadline),
  ];
  const midTier = new FakeMidTier(sharedReach);
  const log = new FakeLog(logReach);
  const budget = new FakeBudget(logReach);
  const random = seeded(seed);
  return {
    clock,
    cache: (options) => {
      const ports = { clock, timers: clock, callTimers: clock, random, digest: NAMES, log, midTier, budget };
      return cacheOver(ports, options);
    },
    shared: {
      get condition() {
        return sharedReach.condition;
      },
      set condition(condition) {
        sharedReach.condition = condition;
      },
      takes: (latency) => sharedReach.takes(latency),
      flush: () => midTier.flush(),
      get size() {
        return midTier.size;
      },
    },
    log: logReach,
    policy: (id, row, site = "default") =>
      log.configure(policyField(site, id), row === null ? null : JSON.stringify(row)),
    originLimits: (limits, site = "default") => log.configure(originField(site), JSON.stringify(limits)),
    replicas: (count) => log.configure(REPLICAS_FIELD, String(count)),
  };
}

/** Nothing here has to be hard to guess: a text is its own digest. */
const NAMES: Digest = {
  sha256Hex: async (text) => text,
  sha256Base64: async (parts) => parts.join(""),
  hmacHex: async (key, text) => `${key} ${text}`,
};

/** Mulberry32 (Tommy Ettinger, public domain): small, and good enough for chances of a test. */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  let tokens = 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    unit,
    token() {
      tokens += 1;
      return `token-${tokens}`;
    },
  };
}
