// A view shared by the isolates of one data centre: what it saves, and what nobody lets himself be told.

import { beforeEach, describe, expect, test } from "vitest";
import { simulateDataCentre } from "../../bench/scaling/data-centre.ts";
import { runKeepers } from "../../bench/scaling/keepers.ts";
import { dataCentreNotes } from "../../edge/tiers/data-centre-notes.ts";
import type { LogEntry } from "../../shared/core/log-entry.ts";
import { type LogView, viewOfSnapshot } from "../../shared/core/log-view.ts";
import { type Instant, instant, millis, type Selector } from "../../shared/core/units.ts";
import { type Clock, UNKEPT } from "../../shared/ports/clock.ts";
import type { Notes } from "../../shared/ports/notes.ts";
import { systemDigest, systemTimers } from "../../shared/runtime/system.ts";
import { Knowledge } from "../../shared/view/knowledge.ts";
import { VIEW_LIMITS } from "../../shared/view/limits.ts";
import { SharedView } from "../../shared/view/shared-view.ts";
import { memoryBlobs } from "../support/memory-blobs.ts";

const EPOCH = 7;
/** Redis' clock is another one than the isolates'. */
const REDIS = 900_000;
const SEAL = { digest: systemDigest, key: "cluster key", scope: "https://redis.test" };

let now: number;
let steps: number;
/** By which the store says how long something has been there: it stands still where a test does not turn it. */
let storeNow: number;
let blobs: ReturnType<typeof memoryBlobs>;
let notes: Notes;

const clock: Clock = {
  now: () => instant(now),
  surely: () => instant(now),
  backwardSteps: () => steps,
  wall: () => now,
};

beforeEach(() => {
  now = 1000;
  steps = 0;
  storeNow = 0;
  blobs = memoryBlobs(() => storeNow);
  notes = dataCentreNotes(blobs);
});

interface Isolate {
  readonly knowledge: Knowledge;
  readonly shared: SharedView;
}

function isolate(seal = SEAL): Isolate {
  const knowledge = new Knowledge({ clock, begunAt: instant(0), configured: () => undefined });
  return { knowledge, shared: new SharedView({ clock, timers: systemTimers, notes, seal }) };
}

const entry = (seq: number, hash = `h${seq}`): LogEntry => {
  const payload = { kind: "invalidate", mode: "hard", selectors: [`s t ${seq}` as Selector] } as const;
  return { epoch: EPOCH, seq, previous: `h${seq - 1}`, hash, age: 0, payload };
};
const head = (seq: number, epoch = EPOCH) => ({ epoch, seq, hash: `h${seq}` });

function viewOf({ knowledge }: Isolate): LogView {
  return knowledge.current() ?? viewOfSnapshot({ ...head(-1), configuration: new Map() }, instant(-1), 0);
}

/** It pulls now, and the log, which stands at `seq`, looks after 30 ms; its reply takes 30 ms more. */
async function pulls(one: Isolate, seq: number, epoch = EPOCH): Promise<Instant> {
  const sentAt = instant(now);
  now += 60;
  if (one.knowledge.current() === null) one.knowledge.begin(head(seq, epoch), new Map(), sentAt);
  else {
    const from = viewOf(one).cursor;
    const entries = Array.from({ length: seq - from }, (_, at) => entry(from + at + 1));
    one.knowledge.take(viewOf(one), entries);
    one.knowledge.reachedHead(viewOf(one), head(seq, epoch), sentAt);
  }
  one.shared.pulled(viewOf(one), { at: REDIS + sentAt + 30, sentAt });
  await one.shared.leave();
  return sentAt;
}

const looks = ({ shared, knowledge }: Isolate): Promise<void> => shared.look(knowledge, UNKEPT);

describe("what one has pulled", () => {
  test("the others learn: the entries, and the head as of when the log looked, less what is uncertain", async () => {
    const [one, other] = [isolate(), isolate()];
    await pulls(one, 3);
    await pulls(other, 3);
    now = 4000;
    await pulls(one, 5);
    now = 5000;
    await looks(other);
    expect(viewOf(other)).toMatchObject({ cursor: 5, hash: "h5" });
    // Its own request was on its way for 30 ms before the log looked, which the other one's was not.
    expect(viewOf(other).knownAt).toBeGreaterThan(3990);
    expect(viewOf(other).knownAt).toBeLessThanOrEqual(4000);
    expect(other.shared.counts).toMatchObject({ looks: 1, learnt: 1 });
  });

  test("is no younger for having been found late", async () => {
    const [one, other] = [isolate(), isolate()];
    await pulls(one, 3);
    await pulls(other, 3);
    now = 2000;
    await pulls(one, 4);
    now = 60_000;
    await looks(other);
    expect(viewOf(other).knownAt).toBeLessThanOrEqual(2000);
  });

  test("is as old as the store says where Redis' clock was set forward meanwhile", async () => {
    const [one, other] = [isolate(), isolate()];
    await pulls(other, 3);
    await pulls(one, 3);
    now = 2000;
    one.shared.pulled(viewOf(one), { at: REDIS + now + 30_000, sentAt: instant(now) });
    await one.shared.leave();
    now = 9000;
    storeNow = 7000;
    await looks(other);
    // The view that was left had last heard of the head at 1060.
    expect(viewOf(other).knownAt).toBe(1060);
  });

  test("begins no view: whoever is cold asks the log", async () => {
    const [one, other] = [isolate(), isolate()];
    await pulls(one, 3);
    expect(other.shared.isWorthALook(instant(now))).toBe(false);
    await looks(other);
    expect(other.knowledge.current()).toBeNull();
  });

  test("teaches nobody who stands before its first entry", async () => {
    const [one, other] = [isolate(), isolate()];
    await pulls(one, 1);
    const before = await pulls(other, 1);
    now = 2000;
    await pulls(one, 1 + VIEW_LIMITS.sharedEntries + 1);
    now = 3000;
    await looks(other);
    expect(viewOf(other)).toMatchObject({ cursor: 1, knownAt: before });
  });

  test("teaches nobody of another epoch", async () => {
    const [one, other] = [isolate(), isolate()];
    const before = await pulls(other, 3);
    now = 2000;
    await pulls(one, 3, EPOCH + 1);
    now = 3000;
    await looks(other);
    expect(viewOf(other)).toMatchObject({ epoch: EPOCH, knownAt: before });
  });

  test("soft invalidations keep their age in the store", async () => {
    const [one, other] = [isolate(), isolate()];
    await pulls(one, 3);
    await pulls(other, 3);
    now = 2000;
    await pulls(one, 4);
    now = 9000;
    await looks(other);
    const dated = viewOf(other).recent.get(4);
    expect(dated?.at).toBeLessThanOrEqual(2060);
  });

  test("a clock that stepped back since dates nothing", async () => {
    const [one, other] = [isolate(), isolate()];
    await pulls(one, 3);
    await pulls(other, 3);
    now = 2000;
    await pulls(one, 4);
    steps += 1;
    await looks(other);
    expect(viewOf(other)).toMatchObject({ cursor: 3, knownAt: Number.NEGATIVE_INFINITY });
  });
});

describe("nobody believes", () => {
  test.each([
    ["another key", { ...SEAL, key: "another" }],
    ["another log", { ...SEAL, scope: "https://other.test" }],
  ])("what was sealed with %s", async (_what, seal) => {
    const [stranger, other] = [isolate(seal), isolate()];
    const before = await pulls(other, 3);
    const [place = "", own] = [...blobs.kept][0] ?? [];
    await pulls(stranger, 3);
    now = 2000;
    await pulls(stranger, 4);
    // Put where the other one looks.
    const forged = [...blobs.kept].find(
      ([, { record, bytes }]) => record === "note" && bytes !== own?.bytes,
    )?.[1];
    if (forged === undefined) throw new Error("nothing was left");
    blobs.kept.set(place, forged);
    now = 3000;
    await looks(other);
    expect(viewOf(other)).toMatchObject({ cursor: 3, knownAt: before });
  });

  test.each<[string, (text: string) => string]>([
    ["a later time", (text) => text.replace(String(REDIS + 2030), String(REDIS + 2930))],
    ["an entry left out", (text) => text.replace(/"entries":\[.*?\]/, '"entries":[]')],
    ["nothing at all", () => ""],
  ])("what was changed: %s", async (_what, change) => {
    const [one, other] = [isolate(), isolate()];
    await pulls(one, 3);
    const before = await pulls(other, 3);
    now = 2000;
    await pulls(one, 4);
    for (const [place, kept] of blobs.kept) {
      const bytes = new TextEncoder().encode(change(new TextDecoder().decode(kept.bytes)));
      blobs.kept.set(place, { ...kept, bytes: bytes as Uint8Array<ArrayBuffer> });
    }
    now = 3000;
    await looks(other);
    expect(viewOf(other)).toMatchObject({ cursor: 3, knownAt: before });
  });
});

test("its place tells nothing of the log's address, and two logs have two", async () => {
  await pulls(isolate(), 3);
  await pulls(isolate({ ...SEAL, scope: "https://other.test" }), 3);
  const places = [...blobs.kept.keys()];
  expect(places).toHaveLength(2);
  expect(places.join()).not.toContain("redis.test");
});

describe("isolates that share", () => {
  const of = {
    ...{ isolates: 20, rate: 40, window: millis(5000), roundTrip: 60, look: 4, visibleAfter: 15 },
    ...{ duration: 120_000, warmUp: 10_000, purgeEvery: 1700, seed: "shared" },
  };

  test("pull a tenth of what they would alone, and answer nothing by a view beyond the window", async () => {
    const [alone, sharing] = [
      await runKeepers({ ...of, shares: false }),
      await runKeepers({ ...of, shares: true }),
    ];
    expect(sharing.pulls).toBeLessThan(alone.pulls / 10);
    expect(sharing.pulls).toBeGreaterThan(of.duration / of.window / 2);
    for (const { tooLate, latest } of [alone, sharing]) {
      expect(tooLate).toBe(0);
      expect(latest).toBeGreaterThan(2500);
    }
  });

  test.each([false, true])(
    "the simulation of data centres counts what view keepers do (shared: %s)",
    async (shares) => {
      const real = await runKeepers({ ...of, shares });
      const counted = simulateDataCentre({ ...of, shares, life: Number.POSITIVE_INFINITY });
      const near = (one: number, other: number) => Math.abs(one - other) / Math.max(1, other);
      // A few dozen pulls vary by their root.
      expect(near(counted.pulls, real.pulls)).toBeLessThan(3 / Math.sqrt(real.pulls) + 0.05);
      expect(near(counted.looks, real.looks)).toBeLessThan(0.05);
    },
  );
});
