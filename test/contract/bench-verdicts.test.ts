// What benchmarks say of their own claims: met is what was measured, and nothing else.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { aboveIn } from "../../bench/commands.ts";
import { liveRatio, verdictOf } from "../../bench/growth/growth.ts";
import { areMet, type Claim, type Comparison, verdictOn } from "../../bench/hit/claims.ts";
import { combine } from "../../bench/hit/combine.ts";
import { verdictOn as ofJournal } from "../../bench/journal.ts";
import { grownBy, isMet } from "../../bench/large.ts";
import { verdictOn as ofMetrics } from "../../bench/metrics.ts";
import { verdictOn as ofPolicies } from "../../bench/policies.ts";
import { verdictOn as ofPurges } from "../../bench/purge.ts";
import { verdictOn as ofSessions } from "../../bench/sessions.ts";
import { type AnyFigures, concluded, EXIT, verdictsOf } from "../../bench/verdicts.ts";

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

const side = { perSecond: 1, p50Ms: 1, p99Ms: 1, cpuMicros: 100 };
const comparison = (name: string, cpuRatio: number | null): Comparison => {
  const claims: Claim[] = [
    { of: "bare", ratio: "cpuRatio", least: 0.9 },
    { of: "bare", ratio: "rateRatio", least: 0.85 },
  ];
  const others = { bare: { ...side, cpuRatio, rateRatio: 1 } };
  return { ...{ name, rounds: 11, edge: side, others, claims }, verdict: verdictOn(claims, others) };
};
const figures = (found: object): AnyFigures => found as AnyFigures;

test("each claim that was missed is named, with what was measured, and the run fails by it", () => {
  const comparisons = [comparison("hit-memory", 0.95), comparison("hit-l2", 0.6), comparison("pass", null)];
  const hit = figures({ name: "hit", rounds: 11, comparisons });
  const whole = figures({ name: "large", verdict: { claim: "all is kept", met: true } });
  const grown = figures({
    name: "growth",
    verdict: { claim: "nothing grows", met: false, above: ["a", "b"] },
  });
  const claims = [
    { claim: "no client error", measured: 3, holds: false },
    { claim: "many hits", measured: 1, holds: true },
  ];
  const hot = figures({ name: "hot-class", claims, met: false });
  const unclaimed = figures({ name: "miss" });
  expect(concluded([hit, whole, unclaimed], false)).toEqual({
    lines: [
      "not met: hit: hit-l2: cpuRatio to bare ≥ 0.9 (0.600)",
      "not met: hit: pass: cpuRatio to bare ≥ 0.9 (not measured)",
      "5 of 7 claims met",
    ],
    code: EXIT.missed,
  });
  expect(concluded([grown, hot], false)).toEqual({
    lines: [
      "not met: growth: nothing grows (a; b)",
      "not met: hot-class: no client error",
      "1 of 3 claims met",
    ],
    code: EXIT.missed,
  });
  expect(concluded([whole, unclaimed], false)).toEqual({ lines: ["1 of 1 claims met"], code: EXIT.met });
  expect(verdictsOf(comparison("pass", 0.1)).map(({ met }) => met)).toEqual([false, true]);
  expect(concluded([unclaimed], false)).toEqual({ lines: [], code: EXIT.met });
});

test("quick figures name what they missed and decide nothing", () => {
  const { lines, code } = concluded([figures({ ...comparison("pass", 0.1) })], true);
  expect(lines[0]).toBe("not met, by quick figures: pass: pass: cpuRatio to bare ≥ 0.9 (0.100)");
  expect(lines[1]).toMatch(/^1 of 2 claims met; quick figures don't decide/);
  expect(code).toBe(EXIT.met);
});

test("the command tells bad usage from a claim that was missed", async () => {
  const bench = async (...flags: string[]) => {
    const args = ["--import", "./scripts/lua-loader.mjs", "bench/run.ts", ...flags];
    const cwd = new URL("../../", import.meta.url).pathname;
    const ran = await promisify(execFile)(process.execPath, args, { cwd }).catch((error: object) => error);
    return { code: 0, stdout: "", stderr: "", ...ran };
  };
  expect(new Set(Object.values(EXIT)).size).toBe(Object.keys(EXIT).length);
  expect(await bench("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("--quick") });
  const unknown = await bench("--only", "speed");
  expect(unknown).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("--only") });
  const trace = await bench("--only", "eviction", "--trace", "no-such-file", "--capacity", "1");
  expect(trace).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("--trace no-such-file") });
});

test("acknowledged writes are all there, once and in order, or that is not met", () => {
  const ledger = { accepted: 10, delivered: 10, pending: 0, deadLettered: 0 };
  const whole = {
    name: "journal" as const,
    ...{ acknowledged: 10, unsure: 1, seconds: 1, lost: 0, twice: 0, outOfOrder: 0 },
    ...{ olderReads: 0, reads: 5, ledger, kills: { databases: 1, edges: 0, origin: 0 } },
    atOrigin: { effects: 10, requests: 10 },
  } as const;
  expect(ofJournal(whole)).toMatchObject({ met: true, above: [] });
  for (const name of ["lost", "twice", "outOfOrder", "olderReads"] as const)
    expect(ofJournal({ ...whole, [name]: 1 })).toMatchObject({ met: false, above: [`${name}: 1`] });
  expect(ofJournal({ ...whole, ledger: { ...ledger, delivered: 9, pending: 1 } }).met).toBe(false);
  const unknown = { accepted: null, delivered: null, pending: null, deadLettered: null };
  expect(ofJournal({ ...whole, ledger: unknown }).met, "nobody told").toBe(false);
  expect(ofJournal({ ...whole, kills: { databases: 0, edges: 0, origin: 0 } }).met).toBe(false);
});

test("what is read back is what was written, and something was", () => {
  const whole = { writes: 10, missed: 0, unread: 2, refused: 1 };
  expect(ofSessions(whole).met).toBe(true);
  expect(ofSessions({ ...whole, missed: 1 }).met).toBe(false);
  expect(ofSessions({ ...whole, unread: 9 }).met).toBe(false);
});

test("figures are exact, and a killed edge takes its last period with it and no more", () => {
  const crash = { answered: 9, unanswered: 1, missing: 2, inLastPeriod: 3, lost: { lives: 1, upToMs: 5 } };
  const whole = { requests: 10, answered: { hot: { hits: 9 } }, missing: {}, crash };
  expect(ofMetrics(whole)).toMatchObject({ met: true, above: [] });
  expect(ofMetrics({ ...whole, missing: { hot: { hits: -1 } } })).toMatchObject({ above: ["hot hits: -1"] });
  expect(ofMetrics({ ...whole, crash: { ...crash, missing: 4 } }).met).toBe(false);
  expect(ofMetrics({ ...whole, crash: { ...crash, missing: -1 } }).met, "more than there was").toBe(false);
  expect(ofMetrics({ ...whole, answered: {} }).met).toBe(false);
});

test("purges and changes are everywhere, and nothing that was said of them is contradicted", () => {
  const purges = { purges: 9, notApplied: 0, receiptsThatLied: 0, requestsFailed: 0 };
  expect(ofPurges(purges)).toMatchObject({ met: true, above: [] });
  for (const name of ["notApplied", "receiptsThatLied", "requestsFailed"] as const)
    expect(ofPurges({ ...purges, [name]: 2 })).toMatchObject({ met: false, above: [`${name}: 2`] });
  expect(ofPurges({ ...purges, purges: 0 }).met).toBe(false);
  const changes = { changes: 9, notSeen: 0, wentBack: 0, requestsFailed: 0 };
  expect(ofPolicies(changes)).toMatchObject({ met: true, above: [] });
  for (const name of ["notSeen", "wentBack", "requestsFailed"] as const)
    expect(ofPolicies({ ...changes, [name]: 2 })).toMatchObject({ met: false, above: [`${name}: 2`] });
  expect(ofPolicies({ ...changes, changes: 0 }).met).toBe(false);
});
