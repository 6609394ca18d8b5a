// What one request wakes, the runtime tells another one when it gets round to it: until then that one's own timer has to do.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { joinFlight, startFlight } from "../../edge/coalesce.ts";
import type { Edge } from "../../edge/edge.ts";
import { findInDataCentre } from "../../edge/tiers/shared-look.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { gatheredRedis } from "../../shared/mid-tier/gathered.ts";
import { Slots } from "../../shared/origin/slots.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { RedisOutcome } from "../../shared/ports/redis.ts";
import { Ending, waitFor } from "../../shared/view/ending.ts";

/** Whose turn it is. */
let current: "waiter" | "waker";
/** Timers of whoever waits. */
let due: (() => void)[];

const timers: Timers = {
  sleep: () => Promise.resolve(),
  after(_span, action) {
    due.push(action);
    return () => {};
  },
};
const clock = {
  now: () => instant(1000),
  surely: () => instant(1000),
  backwardSteps: () => 0,
  wall: () => 0,
};

beforeEach(() => {
  current = "waker";
  due = [];
  const { withResolvers } = Promise;
  // As a busy workerd does it: resolved in another request's turn, a promise is resolved, and nobody hears of it yet.
  vi.spyOn(Promise, "withResolvers").mockImplementation(<T>() => {
    const owner = current;
    const made: PromiseWithResolvers<T> = withResolvers.call(Promise) as never;
    let isResolved = false;
    const resolve: typeof made.resolve = (value) => {
      if (!isResolved && current === owner) made.resolve(value);
      isResolved = true;
    };
    return { ...made, resolve };
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Waiting {
  readonly wait: () => Promise<unknown>;
  readonly wake: () => void;
}

const MEANS: Readonly<Record<string, () => Waiting>> = {
  "an ending"() {
    const ending = new Ending();
    const wait = async (): Promise<string> => {
      await waitFor([ending], { timers, atMost: millis(150), enough: () => false });
      return ending.isOver ? "well" : "late";
    };
    return { wait, wake: () => ending.end() };
  },
  "a flight"() {
    const land = Promise.withResolvers<void>();
    const began = { asOf: null, startedAt: instant(0), close: () => {}, bringsWhole: () => true };
    const { flight } = startFlight(began, async (controls) => {
      await land.promise;
      controls.settle({ kind: "refused" });
    });
    const wait = async (): Promise<string> =>
      (await joinFlight(flight, millis(31_000), timers)).kind === "refused" ? "well" : "late";
    return { wait, wake: () => land.resolve() };
  },
  "a look"() {
    const found = Promise.withResolvers<{ kind: "absent" }>();
    const dataCentre = { find: () => found.promise };
    const edge = { looks: new Map(), clock, timers, dataCentre } as unknown as Edge;
    void findInDataCentre(edge, "a key" as never, "whole");
    const wait = async (): Promise<string> =>
      (await findInDataCentre(edge, "a key" as never, "whole")).kind === "absent" ? "well" : "late";
    return { wait, wake: () => found.resolve({ kind: "absent" }) };
  },
  "a shared call"() {
    const answered = Promise.withResolvers<RedisOutcome>();
    const gathered = gatheredRedis(
      { run: () => answered.promise },
      { clock, timers, most: 3, characters: 1000, turnAtMost: millis(50) },
    );
    const ask = () => gathered.run([], millis(500));
    // One is under way, and another one gathers.
    void ask();
    void ask();
    const wait = async (): Promise<string> => {
      const outcome = await ask();
      return outcome.kind === "replies" ? "well" : outcome.reason;
    };
    return { wait, wake: () => answered.resolve({ kind: "replies", replies: [] }) };
  },
  "a slot"() {
    const adaptive = { floor: 1, ceiling: 1, tolerance: 2, growth: 1, weight: { limit: 0.5, usual: 0.002 } };
    const patience = { user: millis(2000), background: millis(500) };
    const slots = new Slots(
      { clock, timers },
      {
        adaptive: { ...adaptive, window: { samples: 10, span: millis(250) } },
        ...{ line: { user: 2, background: 2 }, patience, longestHeld: millis(31_000) },
      },
    );
    const first = slots.enter("user");
    if (typeof first === "string" || first instanceof Promise) throw new Error("no slot is free");
    const wait = async (): Promise<string> => {
      const slot = await slots.enter("user");
      return typeof slot === "string" ? slot : "well";
    };
    return { wait, wake: () => first.leave() };
  },
};

test.each(Object.entries(MEANS))(
  "whoever waits by %s, is woken and has not heard of it, goes on when his time is over",
  async (_, begin) => {
    const { wait, wake } = begin();
    let came = "not yet";
    current = "waiter";
    void wait().then((how) => {
      came = String(how);
    });
    await turn();
    current = "waker";
    wake();
    await turn();
    expect(came).toBe("not yet");
    current = "waiter";
    for (const fire of due) fire();
    await turn();
    expect(came).toBe("well");
  },
);
