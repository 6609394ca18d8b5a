// What benchmarks say of their own claims: met is what was measured, and nothing else.

import { expect, test } from "vitest";
import { aboveIn } from "../../bench/commands.ts";
import { liveRatio, verdictOf } from "../../bench/growth/growth.ts";
import { combine } from "../../bench/hit/combine.ts";
import { areMet, type Claim, type Comparison, verdictOn } from "../../bench/hit/compare.ts";
import { grownBy, isMet } from "../../bench/large.ts";

test("a claim about the hit path is met by a figure alone", () => {
  const claims: Claim[] = [
    { of: "bare", ratio: "cpuRatio", least: 0.9 },
    { of: "bare", ratio: "rateRatio", least: 0.85 },
  ];
  expect(areMet(claims, { bare: { cpuRatio: 0.9, rateRatio: 0.85 } })).toBe(true);
  expect(areMet(claims, { bare: { cpuRatio: 0.89, rateRatio: 0.85 } })).toBe(false);
  // The machine tells nobody's CPU; nobody was asked; a side was left out.
  expect(areMet(claims, { bare: { cpuRatio: null, rateRatio: 2 } })).toBe(false);
  expect(areMet(claims, { bare: { cpuRatio: 1, rateRatio: Number.NaN } })).toBe(false);
  expect(areMet(claims, { blob: { cpuRatio: 1, rateRatio: 1 } })).toBe(false);
});

test("of several comparisons the middle one counts, and one in which CPU could not be told spoils all", () => {
  const claims: Claim[] = [{ of: "bare", ratio: "cpuRatio", least: 0.9 }];
  const side = { perSecond: 1, p50Ms: 1, p99Ms: 1, cpuMicros: 100 };
  const comparison = (cpuRatio: number | null): Comparison => {
    const others = { bare: { ...side, cpuRatio, rateRatio: 1 } };
    const verdict = verdictOn(claims, others);
    return { name: "hit-memory", rounds: 11, edge: side, others, claims, verdict };
  };
  const of = (first: number | null, ...more: (number | null)[]) =>
    combine([comparison(first), ...more.map(comparison)]);
  expect(of(0.8, 0.95, 0.9)).toMatchObject({ rounds: 33, others: { bare: { cpuRatio: 0.9 } } });
  expect(of(0.8, 0.95, 0.9).verdict.met).toBe(true);
  expect(of(0.8, 0.95, 0.89).verdict.met).toBe(false);
  expect(of(0.95, null, 0.95).verdict.met).toBe(false);
});

test("growth in running edges is no more than was measured in them", () => {
  const axis = { name: "log", what: "entries", when: "hit", growth: "none" } as const;
  expect(verdictOf([axis], 1.2)).toMatchObject({ met: true, above: [] });
  expect(verdictOf([axis], 1.3).met).toBe(false);
  expect(verdictOf([axis], null).met).toBe(false);
  expect(verdictOf([{ ...axis, growth: "faster" }], 1)).toMatchObject({
    met: false,
    above: ["log: entries"],
  });
  const sides = (...cpu: (number | null)[]) =>
    cpu.map((cpuMicros) => ({ name: "one", cpuMicros, perSecond: 1 }));
  expect(liveRatio(sides(100, 110, 120))).toBe(1.2);
  for (const told of [[null, 110, 120], [100, null, 120], [100]])
    expect(liveRatio(sides(...told))).toBeNull();
});

test("a large file takes no more memory where memory was told, and only there", () => {
  expect(grownBy([100, 120, 150])).toBe(50);
  for (const told of [[null, 120, 150], [100, null, 150], [0, 0, 0], [100], []])
    expect(grownBy(told)).toBeNull();
  const steps = Array.from({ length: 7 }, () => ({ originRequests: 0, whole: true }));
  expect(isMet(steps, 50)).toBe(true);
  expect(isMet(steps, 65)).toBe(false);
  expect(isMet(steps, null)).toBe(false);
  expect(isMet(steps.slice(0, 3), 50)).toBe(false);
});

test("a miss that Redis was sent nothing for was not counted", () => {
  const phases = Object.fromEntries(aboveIn({}).map((name) => [name, { total: 1 }]));
  expect(Object.keys(phases)).toHaveLength(9);
  expect(aboveIn({ ...phases, "hit in memory": { total: 0 } })).toEqual([]);
  expect(aboveIn(phases)).toEqual(["hit in memory"]);
  const uncounted = { ...phases, "hit in memory": { total: 0 }, "miss, one copy": { total: 0 } };
  expect(aboveIn(uncounted)).toEqual(["miss, one copy"]);
});
