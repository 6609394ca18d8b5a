// What an isolate believes of the log when a peer has led it past entries that it never saw.

import { beforeEach, describe, expect, test } from "vitest";
import type { Telling } from "../../shared/core/gossip.ts";
import { instant, millis } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Log, LogHead } from "../../shared/ports/mid-tier.ts";
import { Knowledge } from "../../shared/view/knowledge.ts";
import { pull } from "../../shared/view/pull.ts";

const EPOCH = 5;
const clock: Clock = {
  now: () => instant(1000),
  surely: () => instant(1000),
  backwardSteps: () => 0,
  wall: () => 1000,
};
const head = (seq: number, hash = `h${seq}`): LogHead => ({ epoch: EPOCH, seq, hash });
/** A peer that holds nothing from before 80. */
const LEAP: Telling = {
  epoch: EPOCH,
  from: 80,
  fromHash: "h80",
  entries: [],
  cursor: 80,
  hash: "h80",
  age: millis(0),
  configuration: new Map(),
};

let knowledge: Knowledge;

beforeEach(() => {
  knowledge = new Knowledge({ clock, begunAt: instant(0), configured: () => undefined });
  knowledge.begin(head(10), new Map(), instant(100));
  expect(knowledge.hear(LEAP, instant(200)).kind).toBe("begun");
});

/** The log no longer holds what follows our own last entry. */
const trimmed = (snapshot: LogHead): Log => ({
  append: async () => ({ kind: "unavailable", reason: "read only" }),
  confirm: async () => ({ kind: "unavailable", reason: "read only" }),
  untold: async () => ({ kind: "nothing" }),
  withhold: async () => {},
  takesWrites: async () => ({ kind: "takes-writes" }),
  check: async () => ({ kind: "unknown" }),
  since: async ({ seq }) =>
    seq < 50
      ? { kind: "unknown", reason: "trimmed" }
      : { kind: "entries", entries: [], head: snapshot, at: 0 },
  snapshot: async () => ({ kind: "snapshot", head: snapshot, configuration: new Map(), at: 0 }),
});

describe("past entries never seen", () => {
  test("the log is asked to go on from the last one that it gave itself", () => {
    const view = knowledge.current();
    expect(view === null ? null : knowledge.joint(view)).toEqual({ ...head(10), beyond: head(80) });
  });

  test("where that is trimmed, a snapshot at our own place ends the gap for good", async () => {
    expect(await pull(knowledge, { log: trimmed(head(80)), clock, shared: null }, () => {})).toBe("reached");
    const view = knowledge.current();
    expect(view).toMatchObject({ cursor: 80, floor: 80, knownAt: 1000 });
    expect(view === null ? null : knowledge.joint(view)).toEqual({ ...head(80), beyond: null });
  });

  test("a snapshot of another chain ends the view", async () => {
    expect(await pull(knowledge, { log: trimmed(head(80, "other")), clock, shared: null }, () => {})).toBe(
      "overtaken",
    );
    expect(knowledge.current()).toBeNull();
    expect(knowledge.epochDemanded()).toBe(EPOCH + 1);
  });

  test("a late snapshot, from before the peer's word, takes nothing back", async () => {
    expect(await pull(knowledge, { log: trimmed(head(70)), clock, shared: null }, () => {})).toBe(
      "overtaken",
    );
    expect(knowledge.current()).toMatchObject({ cursor: 80 });
  });
});

test("an hour that only the wall clock has seen pass is none in which a peer should have learnt what we hold", () => {
  let [shown, passed] = [1000, 1000];
  const set: Clock = { ...clock, now: () => instant(shown), surely: () => instant(passed) };
  const holder = new Knowledge({ clock: set, begunAt: instant(0), configured: () => undefined });
  holder.begin(head(10), new Map(), instant(1000));
  const view = holder.current();
  if (view === null) throw new Error("it is cold");
  const payload = { kind: "invalidate", mode: "hard", selectors: [] } as const;
  holder.take(view, [{ epoch: EPOCH, seq: 11, previous: "h10", hash: "h11", age: 0, payload }]);
  // Of a peer that has heard of the head just before entry 11.
  const told: Telling = { ...LEAP, from: 10, fromHash: "h10", cursor: 10, hash: "h10", age: millis(250) };
  shown += 3_600_200;
  passed += 200;
  expect(holder.hear(told, instant(shown)).kind).toBe("learnt");
  expect(holder.epochDemanded()).toBe(EPOCH);
});
