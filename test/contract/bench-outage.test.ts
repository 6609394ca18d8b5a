// What the benchmark of losses makes of what an outside client saw.

import { expect, test } from "vitest";
import { hitRatio, mostBeyond, type PhaseName, phaseResult, phaseResults } from "../../bench/outage/phase.ts";
import { verdictOn } from "../../bench/outage.ts";
import type { Exchange, ExchangeOutcome } from "../../bench/outside/exchange.ts";

const answered = (cacheStatus: string, status = 200): ExchangeOutcome => ({
  ...{ kind: "answered", status, cacheStatus, age: null, octets: 1, stated: null },
});
const HIT = answered("tidegate-l1; hit; ttl=1");
const MISS = answered("tidegate-l1; fwd=uri-miss; stored");

/** Ten a second, each second's first ones hits. */
const secondsOf = (...hits: number[]): Exchange[] =>
  hits.flatMap((count, second) =>
    Array.from({ length: 10 }, (_, n): Exchange => {
      const sentAt = second * 1000 + n * 100;
      return {
        ...{ edge: 0, path: "/", scheduledAt: sentAt, sentAt, endedAt: sentAt + 5, refusedBy: null },
        outcome: n < count ? HIT : MISS,
      };
    }),
  );

test("a hit is what was stored or joined, and answered well", () => {
  const joined = answered("tidegate-l1; fwd=uri-miss; collapsed");
  const one = (outcome: ExchangeOutcome): Exchange[] =>
    secondsOf(0).map((exchange) => ({ ...exchange, outcome }));
  expect(hitRatio(one(joined), 0, 1000)).toBe(1);
  expect(hitRatio(one(answered("tidegate-l1; hit", 503)), 0, 1000)).toBe(0);
  expect(hitRatio(one({ kind: "silent" }), 0, 1000)).toBe(0);
  expect(hitRatio([], 0, 1000)).toBe(0);
});

test("hits are back from the second on from which three have as many as before", () => {
  const of = { from: 0, before: 1, asked: [], rate: 1 };
  const result = phaseResult(secondsOf(1, 10, 2, 10, 10, 10, 10, 10), { ...of, to: 8000 });
  expect(result).toMatchObject({ secondsTo95Percent: 3, worstSecond: 0.1, requests: 80, errors: 0 });
  expect(phaseResult(secondsOf(1, 10, 2), { ...of, to: 3000 }).secondsTo95Percent).toBeNull();
});

test("every request is of the phase in which it was due, however long it took", () => {
  const hung = (scheduledAt: number): Exchange => ({
    ...{ edge: 0, path: "/", scheduledAt, sentAt: scheduledAt + 400, endedAt: scheduledAt + 10_400 },
    ...{ refusedBy: null, outcome: { kind: "silent" } },
  });
  const names: PhaseName[] = ["before", "killed", "back", "cold", "away", "again"];
  const begun = names.map((name, n) => ({ name, at: 1000 * n }));
  // The last of each second hangs beyond the end of its phase, and the last of all beyond the end of the run.
  const exchanges = secondsOf(10, 10, 10, 10, 10, 10).map((one, n) =>
    n % 10 === 9 ? hung(one.scheduledAt) : one,
  );
  const phases = phaseResults(exchanges, { begun, endedAt: 6000, asked: [0, 5999], rate: 1 });
  for (const name of names) expect(phases[name]).toMatchObject({ requests: 10, errors: 1, hitRatio: 0.9 });
  expect(phases.back.errorsBy).toEqual({ silent: [0] });
  expect(phases.again.p99Ms).toBe(10_400);
  expect([phases.before, phases.again].map(({ originPerSecond }) => originPerSecond)).toEqual([[1], [1]]);
});

test("whatever is not answered with 200 is an error", () => {
  const outcomes: ExchangeOutcome[] = [
    answered("tidegate-l1; fwd=miss; detail=shed", 503),
    { kind: "failed", reason: "ECONNREFUSED", begun: false },
    { kind: "silent" },
    MISS,
  ];
  const exchanges = secondsOf(0).flatMap((exchange, n) => {
    const outcome = outcomes[n];
    return outcome === undefined ? [] : [{ ...exchange, outcome }];
  });
  expect(phaseResult(exchanges, { from: 0, to: 1000, before: 1, asked: [], rate: 1 }).errors).toBe(3);
});

test("the origin is judged by the bucket that would just have held", () => {
  expect(mostBeyond([], 10)).toBe(0);
  expect(mostBeyond([0, 100, 200, 300], 10)).toBe(1);
  expect(mostBeyond([0, 0, 0, 1000, 1000], 1)).toBe(4);
});

test("what is claimed of losses is that nobody notices, and that the origin is asked for its budget at most", () => {
  const calm = phaseResult(secondsOf(10), { from: 0, to: 1000, before: 1, asked: [], rate: 100 });
  const phases = { killed: calm, back: calm, cold: calm, again: calm };
  const lateMs = { p50: 1, p90: 1, p99: 2, p999: 400, max: 400 };
  const client = { sent: 10, withheld: 0, seconds: 1, lateMs };
  const whole = { hitsBefore: 0.99, errorsBefore: 0, ...phases, originMostBeyondRate: 200, client };
  expect(verdictOn(whole)).toMatchObject({ met: true, above: [] });
  const over = { ...whole, cold: { ...calm, errors: 1 }, originMostBeyondRate: 201 };
  expect(verdictOn(over)).toMatchObject({
    met: false,
    above: ["cold: 1 of 10 failed", "the origin: 201 beyond 100 a second"],
  });
  expect(verdictOn({ ...whole, hitsBefore: 0 })).toMatchObject({
    met: false,
    above: ["before: hits were 0"],
  });
  expect(verdictOn({ ...whole, errorsBefore: 2 }).above).toEqual(["before: 2 failed"]);
  for (const late of [{ withheld: 3 }, { lateMs: { ...lateMs, p99: 51 } }, { lateMs: null }])
    expect(verdictOn({ ...whole, client: { ...client, ...late } }).above).toEqual([
      expect.stringMatching(/^the client: /),
    ]);
  // Nobody asked anything.
  expect(verdictOn({ ...whole, back: { ...calm, requests: 0 } }).met).toBe(false);
});
