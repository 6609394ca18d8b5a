// The auditor's stretch of the log: how far back it reaches, whatever pages it is made of and however little it may hold.

import { array, constantFrom, nat, property, record, subarray } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  firstHard,
  fromOf,
  headOf,
  type LogPage,
  lately,
  learnPage,
  type PageEntry,
  type RecentLog,
} from "../../shared/core/recent-log.ts";
import type { Selector } from "../../shared/core/units.ts";
import { assertSeeded } from "./seeded.ts";

const EPOCH = 1000;
const AMPLE = { entries: 100, selectors: 100, characters: 1000 };
const selectorOf = (name: string): Selector => `s t ${name}` as Selector;
const [A, B, C] = [selectorOf("a"), selectorOf("b"), selectorOf("c")];

const hard = (seq: number, selectors: readonly Selector[], at = seq * 10): PageEntry => ({
  seq,
  at,
  payload: { kind: "invalidate", mode: "hard", selectors },
});

const pageOf = (after: number, entries: readonly PageEntry[], more: Partial<LogPage> = {}): LogPage => {
  const last = entries.at(-1)?.seq ?? after;
  return { epoch: EPOCH, anew: false, after, entries, last: { seq: last, hash: `h${last}` }, ...more };
};

const spanOf = (log: RecentLog): [number, number] => [fromOf(log).seq, headOf(log).seq];
const after = (seq: number, at = 0) => ({ position: { epoch: EPOCH, seq }, at });

describe("what is taken in", () => {
  test("pages go on from one another, and what comes twice counts once", () => {
    let log = learnPage(null, pageOf(4, [hard(5, [A])], { anew: true }), AMPLE);
    log = learnPage(log, pageOf(5, [hard(6, [A]), hard(7, [B])]), AMPLE);
    log = learnPage(log, pageOf(5, [hard(6, [A])]), AMPLE);
    expect(spanOf(log)).toEqual([4, 7]);
    expect(log.hash).toBe("h7");
    expect(log.hard.get(A)?.map(({ position }) => position.seq)).toEqual([5, 6]);
  });

  test.each<[string, LogPage]>([
    ["that leaves a gap", pageOf(9, [hard(10, [B])])],
    ["of a log that went on differently", pageOf(4, [hard(5, [B]), hard(6, [B])], { anew: true })],
    ["of another epoch", pageOf(0, [hard(1, [B])], { epoch: EPOCH + 1 })],
  ])("a page %s begins it anew", (_what, page) => {
    const before = learnPage(null, pageOf(4, [hard(5, [A])], { anew: true }), AMPLE);
    const log = learnPage(before, page, AMPLE);
    expect(log.hard.has(A)).toBe(false);
    expect([log.epoch, ...spanOf(log)]).toEqual([page.epoch, page.after, page.last.seq]);
  });

  test("what configuration takes names from it invalidates hard", () => {
    const payload = { kind: "config", field: "x", value: "y", selectors: [A] } as const;
    const log = learnPage(null, pageOf(0, [{ seq: 1, at: 1, payload }]), AMPLE);
    expect(log.hard.get(A)?.map(({ position }) => position.seq)).toEqual([1]);
  });

  test("other configuration and soft invalidations move the head and name nothing", () => {
    const entries: PageEntry[] = [
      { seq: 1, at: 1, payload: { kind: "config", field: "x", value: "y", selectors: [] } },
      { seq: 2, at: 2, payload: { kind: "invalidate", mode: "soft", selectors: [A] } },
    ];
    const log = learnPage(null, pageOf(0, entries), AMPLE);
    expect(spanOf(log)).toEqual([0, 2]);
    expect(log.hard.size).toBe(0);
  });

  test("times ascend with positions, whatever Redis' clock does", () => {
    const log = learnPage(null, pageOf(0, [hard(1, [A], 50), hard(2, [A], 20), hard(3, [A], 60)]), AMPLE);
    expect(log.hard.get(A)?.map(({ at }) => at)).toEqual([50, 50, 60]);
  });
});

test("whatever is forgotten, it says from where on it knows everything", () => {
  const line = record({ selectors: subarray([A, B, C], { minLength: 1 }), gap: nat({ max: 30 }) });
  const world = record({
    lines: array(line, { maxLength: 20 }),
    pages: array(nat({ max: 5 }), { minLength: 20, maxLength: 20 }),
    entries: nat({ max: 6 }),
    selectors: nat({ max: 12 }),
    characters: nat({ max: 100 }),
    since: nat({ max: 20 }),
    moment: nat({ max: 300 }),
    selector: constantFrom(A, B, C),
  });
  assertSeeded(
    property(world, ({ lines, pages, since, moment, selector, ...limits }) => {
      let at = 0;
      const all = lines.map(({ selectors, gap }, index) => {
        at += gap;
        return hard(index + 1, selectors, at);
      });
      let log = learnPage(null, pageOf(0, []), limits);
      for (const size of pages)
        log = learnPage(log, pageOf(log.head, all.slice(log.head, log.head + size)), limits);
      expect(log.entries.length).toBeLessThanOrEqual(limits.entries);
      expect(log.size).toBeLessThanOrEqual(limits.selectors);
      expect(log.characters).toBeLessThanOrEqual(limits.characters);
      const held = log.entries.flatMap(({ selectors }) => selectors);
      expect(log.characters).toBe(held.join("").length);
      const position = Math.max(since, log.from);
      const expected = all
        .slice(0, log.head)
        .find(
          (entry) =>
            entry.seq > position &&
            entry.at > moment &&
            entry.payload.kind === "invalidate" &&
            entry.payload.selectors.includes(selector),
        );
      expect(firstHard(log, selector, after(position, moment))?.position.seq).toBe(expected?.seq);
    }),
    2000,
  );
});

describe("what was invalidated lately", () => {
  const log = learnPage(null, pageOf(0, [hard(1, [A, B]), hard(2, [B]), hard(3, [C])]), AMPLE);
  const room = { selectors: 9, characters: 99 };
  const seen = (since: number, given = room) =>
    [...lately(log, since, given)].map(([selector, { seq }]) => [selector, seq]);

  test("the newest first, each by its newest", () => {
    expect(seen(0)).toEqual([
      [C, 3],
      [B, 2],
      [A, 1],
    ]);
  });

  test("not what is older, nor more than there is room for", () => {
    expect(seen(20)).toEqual([
      [C, 3],
      [B, 2],
    ]);
    expect(seen(0, { ...room, selectors: 1 })).toEqual([[C, 3]]);
    expect(seen(0, { ...room, characters: 11 })).toEqual([
      [C, 3],
      [B, 2],
    ]);
  });
});
