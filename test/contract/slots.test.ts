// Slots before an origin: who waits is admitted in order, and whoever is gone by then is given none.

import { beforeEach, expect, test } from "vitest";
import { instant, millis } from "../../shared/core/units.ts";
import { type Slot, type SlotOutcome, Slots } from "../../shared/origin/slots.ts";

let now: number;
/** Timers of those who wait: they fire when a test says so, as those of a request that is gone never do. */
let due: (() => void)[];
let slots: Slots;

beforeEach(() => {
  now = 1000;
  due = [];
  const clock = {
    now: () => instant(now),
    surely: () => instant(now),
    backwardSteps: () => 0,
    wall: () => now,
  };
  const timers = {
    sleep: () => Promise.resolve(),
    after(_span: number, action: () => void) {
      due.push(action);
      return () => {};
    },
  };
  const fixed = { floor: 1, ceiling: 1, tolerance: 2, growth: 1, weight: { limit: 0.5, usual: 0.002 } };
  slots = new Slots(
    { clock, timers },
    {
      adaptive: { ...fixed, window: { samples: 10, span: millis(250) } },
      line: { user: 2, background: 2 },
      patience: { user: millis(2000), background: millis(500) },
      longestHeld: millis(31_000),
    },
  );
});

const taken = (outcome: SlotOutcome): Slot => {
  if (typeof outcome === "string") throw new Error(`no slot: ${outcome}`);
  return outcome;
};

test("a free one is had at once, and the next one by whoever waited longest", async () => {
  const first = taken(await slots.enter("user"));
  const [second, third] = [slots.enter("user"), slots.enter("user")];
  expect(await slots.enter("user")).toBe("full");
  now += 100;
  first.leave();
  const slot = taken(await second);
  expect(slot.waited).toBe(100);
  slot.leave();
  expect(taken(await third).waited).toBe(100);
});

test("whoever has waited for as long as he may is late", async () => {
  taken(await slots.enter("user"));
  const waiting = slots.enter("user");
  now += 2000;
  due[0]?.();
  expect(await waiting).toBe("late");
});

test("a request that is gone, and its timer with it, is passed over", async () => {
  const first = taken(await slots.enter("user"));
  const gone = slots.enter("user");
  now += 2500;
  const waiting = slots.enter("user");
  now += 10;
  first.leave();
  expect(await gone).toBe("late");
  taken(await waiting).leave();
  expect(taken(await slots.enter("user")).waited).toBe(0);
});

test("a line of requests that are gone, before slots of others that are, is cleared by whoever comes", async () => {
  taken(await slots.enter("user"));
  const gone = [slots.enter("user"), slots.enter("user"), slots.enter("background")];
  now += 31_001;
  expect(taken(await slots.enter("user")).waited).toBe(0);
  expect(await Promise.all(gone)).toEqual(["late", "late", "late"]);
});
