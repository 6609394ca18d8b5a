// Which reads the sampler takes, how many it keeps, and that none is told of twice or lost with a reply.

import { beforeEach, describe, expect, test } from "vitest";
import { countedOf, Sampler, type StoredRead, type Watchable } from "../../edge/audit/sampler.ts";
import { STANDARD_CLASS } from "../../shared/core/classes.ts";
import type { Position } from "../../shared/core/position.ts";
import { rulesOfClass } from "../../shared/core/rules.ts";
import type { HeldAnswer, StoredAnswer } from "../../shared/core/stored-answer.ts";
import { instant, millis, type Selector } from "../../shared/core/units.ts";

const EPOCH = 1000;
const EVERY = 32;
const at = (seq: number): Position => ({ epoch: EPOCH, seq });
const LIMITS = {
  auditEvery: EVERY,
  auditWatchedPerSecond: 5,
  auditKept: 8,
  auditSelectors: 100,
  auditBatch: 1000,
};
const tag = (name: string): Selector => `s t ${name}` as Selector;
const watchedTag = (name: string, seq: number) => ({ selector: tag(name), position: `${EPOCH}-${seq}` });

let sampler: Sampler;
beforeEach(() => {
  sampler = new Sampler(LIMITS);
});

function heldWith(answer: Partial<StoredAnswer>, held: Partial<HeldAnswer> = {}): HeldAnswer {
  const whole = { asOf: at(3), selectors: [tag("a")], part: { kind: "whole" }, ageWhenSent: 0, ...answer };
  return {
    answer: whole as StoredAnswer,
    verifiedTo: at(5),
    bornAt: instant(1000),
    sentAt: instant(1000),
    ...held,
  };
}

const entryOf = (answer: Partial<StoredAnswer> = {}): Watchable => ({ held: heldWith(answer), watch: 0 });

const readOf = (held: HeldAnswer, more: Partial<StoredRead> = {}): StoredRead => ({
  held,
  rules: rulesOfClass(STANDARD_CLASS),
  inForce: [],
  tier: "l1Memory",
  result: "hit",
  by: { position: at(7), knownAge: millis(20) },
  arrivedAt: instant(5000),
  ...more,
});

/** So many hits of one answer in memory; which of them were taken. */
function hit(entry: Watchable, times: number, arrivedAt = 5000): number[] {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    if (!sampler.isDue(entry, [])) continue;
    if (sampler.take(readOf(entry.held, { arrivedAt: instant(arrivedAt) })) !== null) taken.push(i);
  }
  return taken;
}

/** With nearly none taken at random, and the first of those over. */
function aside(): void {
  sampler = new Sampler({ ...LIMITS, auditEvery: 1_000_000 });
  hit(entryOf(), 1);
  sampler.report(instant(0), null);
  sampler.report(instant(0), 1);
}

describe("at random", () => {
  test("the first, and from then on one of so many, scattered and the same each time", () => {
    const taken = hit(entryOf(), 100_000);
    expect(taken[0]).toBe(0);
    expect(taken.length).toBeGreaterThan((0.95 * 100_000) / EVERY);
    expect(taken.length).toBeLessThan((1.05 * 100_000) / EVERY);
    const gaps = new Set(taken.slice(1).map((index, i) => index - (taken[i] ?? 0)));
    expect(gaps.size).toBe(2 * EVERY - 1);
    expect(Math.max(...gaps)).toBe(2 * EVERY - 1);
    sampler = new Sampler(LIMITS);
    expect(hit(entryOf(), 100_000)).toEqual(taken);
  });

  test("traffic that repeats itself has every part of it sampled as often", () => {
    for (const period of [2, 7, EVERY, EVERY - 1]) {
      sampler = new Sampler(LIMITS);
      const counts = Array.from({ length: period }, () => 0);
      for (const index of hit(entryOf(), 200_000)) counts[index % period] = (counts[index % period] ?? 0) + 1;
      const mean = 200_000 / EVERY / period;
      for (const count of counts) expect(count / mean, `period ${period}`).toBeCloseTo(1, 0);
    }
  });

  test("reads from other tiers count alike", () => {
    const taken = Array.from({ length: 10_000 }, () => sampler.see(readOf(heldWith({})))).filter(Boolean);
    expect(taken.length).toBeGreaterThan(280);
    expect(taken.length).toBeLessThan(350);
  });
});

describe("what was invalidated lately", () => {
  beforeEach(aside);

  test("each read of what is older, up to so many a second", () => {
    sampler.watch([watchedTag("a", 4)]);
    expect(hit(entryOf(), 20)).toEqual([0, 1, 2, 3, 4]);
    expect(hit(entryOf(), 20, 5999)).toEqual([]);
    expect(hit(entryOf(), 20, 6000)).toEqual([0, 1, 2, 3, 4]);
  });

  test.each<[string, Partial<StoredAnswer>]>([
    ["is newer", { asOf: at(4) }],
    ["is named by something else", { selectors: [tag("b"), tag("aa")] }],
  ])("not what %s", (_what, answer) => {
    sampler.watch([watchedTag("a", 4)]);
    expect(hit(entryOf(answer), 1)).toEqual([]);
    expect(sampler.see(readOf(heldWith(answer)))).toBeNull();
  });

  test("what the policy adds names it too", () => {
    sampler.watch([watchedTag("b", 4)]);
    expect(sampler.isDue(entryOf(), [tag("b")])).toBe(true);
    expect(sampler.see(readOf(heldWith({}), { inForce: [tag("b")] }))).toBe("watched");
    expect(sampler.see(readOf(heldWith({})))).toBeNull();
  });

  test("an answer is looked at once for one list, and again for the next", () => {
    const entry = entryOf();
    let looks = 0;
    const { asOf, selectors } = entry.held.answer;
    Object.defineProperty(entry.held.answer, "asOf", { get: () => asOf });
    Object.defineProperty(entry.held.answer, "selectors", {
      get: () => {
        looks += 1;
        return selectors;
      },
    });
    const lookedAt = (list: Parameters<Sampler["watch"]>[0]): [boolean, number] => {
      looks = 0;
      sampler.watch(list);
      const due = [sampler.isDue(entry, []), sampler.isDue(entry, [])];
      expect(due[0]).toBe(due[1]);
      return [due[0] === true, looks];
    };
    expect(lookedAt([])).toEqual([false, 0]);
    expect(lookedAt([watchedTag("a", 4)])).toEqual([true, 1]);
    expect(lookedAt([watchedTag("a", 4)])).toEqual([true, 0]);
    expect(lookedAt([watchedTag("a", 3)])).toEqual([false, 1]);
    expect(lookedAt([watchedTag("a", 3), watchedTag("b", 9)])).toEqual([false, 1]);
  });
});

describe("what is told", () => {
  test("of a read: positions, ages and selectors, and nothing by any clock", () => {
    const held = heldWith({ ageWhenSent: millis(40) }, { bornAt: instant(960) });
    sampler.see(readOf(held, { inForce: [tag("a"), tag("b")], result: "stale", tier: "l2" }));
    expect(sampler.report(instant(5300), null)).toEqual({
      number: 1,
      samples: [
        {
          class: "standard",
          tier: "l2",
          result: "stale",
          why: "random",
          asOf: "1000-3",
          verifiedTo: "1000-5",
          view: "1000-7",
          knownAgeMs: 20,
          agoMs: 300,
          ageMs: 4040,
          askedBeforeMs: 4000,
          boundMs: 30_000,
          selectors: ["s t a"],
          inForce: ["s t b"],
        },
      ],
    });
  });

  test.each<[string, Partial<StoredAnswer>, Partial<HeldAnswer>, number]>([
    ["by this isolate", {}, { sentAt: instant(4000) }, 1000],
    ["by this isolate, after the arrival", {}, { sentAt: instant(5200) }, -200],
    ["by another one", { ageWhenSent: millis(300) }, { sentAt: null, bornAt: instant(2000) }, 2700],
    [
      "in parts, the older of them at no known time",
      { part: { kind: "range", from: 0, to: 1, complete: 9 }, ageWhenSent: millis(300) },
      { sentAt: instant(4000), bornAt: instant(2000) },
      3000,
    ],
  ])("when the origin was asked: %s", (_who, answer, held, before) => {
    sampler.see(readOf(heldWith(answer, held)));
    expect(sampler.report(instant(6000), null)?.samples[0]?.askedBeforeMs).toBe(before);
  });

  test("a batch comes again, older, until it is acknowledged; meanwhile the next one gathers", () => {
    aside();
    sampler.watch([watchedTag("a", 4)]);
    const agesOf = (now: number, counted: number | null) => {
      const batch = sampler.report(instant(now), counted);
      return batch && [batch.number, ...batch.samples.map(({ agoMs }) => agoMs)];
    };
    expect(agesOf(5000, null)).toBeNull();
    hit(entryOf(), 1, 5000);
    expect(agesOf(5100, null)).toEqual([2, 100]);
    hit(entryOf(), 2, 5500);
    expect(agesOf(6000, null)).toEqual([2, 1000]);
    expect(agesOf(6000, 1)).toEqual([2, 1000]);
    expect(agesOf(6100, 2)).toEqual([3, 600, 600]);
    expect(agesOf(6200, 3)).toBeNull();
  });

  test("an acknowledgement of another life is none", () => {
    expect(countedOf({ boot: "this", number: 4 }, "this")).toBe(4);
    expect(countedOf({ boot: "that", number: 4 }, "this")).toBeNull();
    expect(countedOf(null, "this")).toBeNull();
  });

  test("no more of either kind than there is room for: the newest, and the others are counted", () => {
    aside();
    sampler.watch([watchedTag("a", 4)]);
    for (const second of [5000, 6000, 7000]) hit(entryOf(), 5, second);
    const ages = sampler.report(instant(8000), null)?.samples.map(({ agoMs }) => agoMs);
    expect(ages).toEqual([2000, 2000, 2000, 1000, 1000, 1000, 1000, 1000]);
    expect(sampler.dropped).toBe(7);
  });

  test("nothing with more selectors than a report has room for", () => {
    const long = Array.from({ length: 20 }, (_, i) => tag(`long-${i}`));
    sampler.see(readOf(heldWith({ selectors: long })));
    expect(sampler.report(instant(6000), null)).toEqual({ number: 1, samples: [] });
    expect(sampler.dropped).toBe(1);
  });
});
