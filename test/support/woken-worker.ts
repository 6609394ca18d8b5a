// A worker whose requests wait for one another by the edge's own means, often enough for the runtime to optimize these.

import { joinFlight, startFlight } from "../../edge/coalesce.ts";
import { instant, type Millis, seconds } from "../../shared/core/units.ts";
import { gatheredRedis } from "../../shared/mid-tier/gathered.ts";
import type { RedisOutcome } from "../../shared/ports/redis.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
import { Ending, waitFor } from "../../shared/view/ending.ts";

interface Env {
  readonly ORIGIN: { fetch(url: string): Promise<Response> };
}

/** What a request waits by until another one wakes it. */
interface Means {
  wait(): Promise<unknown>;
  wake(): void;
}

const GUARD: Millis = seconds(10);
/** Optimizing takes so many calls, and no timer for each of them. */
const idle = { ...systemTimers, after: () => () => undefined };

function byEnding(timers: typeof systemTimers): Means {
  let ending = new Ending();
  return {
    wait: () => waitFor([ending], { timers, atMost: GUARD, enough: () => false }),
    wake() {
      ending.end();
      ending = new Ending();
    },
  };
}

function byFlight(timers: typeof systemTimers): Means {
  const land = Promise.withResolvers<void>();
  const began = { asOf: null, startedAt: 0 as never, close: () => {}, bringsWhole: () => true };
  const { flight } = startFlight(began, async (controls) => {
    await land.promise;
    controls.settle({ kind: "unshared" });
  });
  return { wait: () => joinFlight(flight, GUARD, timers), wake: () => land.resolve() };
}

/** The second gathers until it is woken, and those behind it have joined. */
function bySharedCall(timers: typeof systemTimers): Means {
  const answered = Promise.withResolvers<RedisOutcome>();
  const turn = Promise.withResolvers<void>();
  const gathered = gatheredRedis(
    { run: () => answered.promise },
    {
      clock: { now: () => instant(0) },
      timers: { ...timers, sleep: () => turn.promise },
      ...{ most: AT_ONCE, characters: AT_ONCE, turnAtMost: GUARD },
    },
  );
  return {
    wait: () => gathered.run([], GUARD),
    wake() {
      answered.resolve({ kind: "unavailable", reason: "woken" });
      turn.resolve();
    },
  };
}

/** What V8's optimizing compiler makes of a promise that is made in place. */
function byConstructor(): Means {
  let waiting: (() => void)[] = [];
  return {
    wait: () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
      }),
    wake() {
      for (const wake of waiting) wake();
      waiting = [];
    },
  };
}

const MEANS: Readonly<Record<string, (timers: typeof systemTimers) => Means>> = {
  ending: byEnding,
  flight: byFlight,
  call: bySharedCall,
  constructor: byConstructor,
};

const CALLS = 200_000;
/** What waits for ever is collected with what it waits for: all of it at once would be too much for an isolate. */
const AT_ONCE = 1000;
const kept = new Map<string, Means>();
const waiting = new Map<string, number>();

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, what = "", name = ""] = new URL(request.url).pathname.split("/");
    const make = MEANS[name];
    if (make === undefined) return new Response("no such means", { status: 404 });
    if (what === "optimize") {
      for (let call = 0; call < CALLS; call += AT_ONCE) {
        const means = make(idle);
        for (let one = 0; one < AT_ONCE; one++) void means.wait();
      }
      return new Response("optimized");
    }
    if (what === "waiting") return new Response(String(waiting.get(name) ?? 0));
    const means = kept.get(name) ?? make(systemTimers);
    kept.set(name, means);
    if (what === "wake") {
      means.wake();
      kept.delete(name);
      // Still there when those that it has woken go on.
      await (await env.ORIGIN.fetch("http://origin/")).text();
      return new Response("woken");
    }
    // Without anything to wait for of its own, the runtime would think that it hangs.
    const alive = setTimeout(() => undefined, GUARD);
    waiting.set(name, (waiting.get(name) ?? 0) + 1);
    await means.wait();
    clearTimeout(alive);
    // A body that belongs to whichever request's context this runs in.
    return env.ORIGIN.fetch("http://origin/");
  },
};
