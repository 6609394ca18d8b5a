// What a benchmark of policy changes makes of the answers that it got.

import { expect, test } from "vitest";
import type { Exchange } from "../../bench/outside/exchange.ts";
import { answersBy, changeShown, reachedMs } from "../../bench/policy-changes.ts";

const LIFE = 10_000;
const shown = (exchange: Exchange): number | null => changeShown(exchange, LIFE);

function got(
  edge: number,
  times: readonly [sentAt: number, endedAt: number],
  left: number | string,
): Exchange {
  const [sentAt, endedAt] = times;
  const cacheStatus = typeof left === "string" ? left : `tidegate-l1; hit; ttl=${left}`;
  const outcome = { kind: "answered", status: 200, cacheStatus, age: 1, octets: 1, stated: null } as const;
  return { edge, path: "/page", scheduledAt: sentAt, sentAt, endedAt, refusedBy: null, outcome };
}

test("what is left of a life tells the change, whatever the age", () => {
  expect(shown(got(0, [0, 1], 10_000))).toBe(0);
  expect(shown(got(0, [0, 1], 9001))).toBe(0);
  expect(shown(got(0, [0, 1], 9000))).toBe(1);
  expect(shown(got(0, [0, 1], 6700))).toBe(3);
  expect(shown(got(0, [0, 1], "tidegate-l1; fwd=uri-miss; stored"))).toBeNull();
});

test("an edge has been reached when its first answer by that change, or by a later one, has come", () => {
  const change = { number: 2, sentAt: 100, acknowledgedAt: 130, applied: 2 };
  const { byEdge, failed } = answersBy(
    [
      got(0, [101, 110], 8900),
      got(1, [105, 150], 7000),
      got(0, [115, 125], 7990),
      got(0, [130, 140], 7990),
      got(1, [160, 170], "tidegate-l1; fwd=stale"),
    ],
    shown,
  );
  expect(reachedMs(change, byEdge)).toEqual([25, 50]);
  expect(reachedMs({ ...change, number: 3 }, byEdge)).toEqual([50]);
  expect(failed).toBe(1);
});

test("an edge has gone back where it answers by an older change a question that came after that answer", () => {
  const [newer, older] = [7000, 8000] as const;
  const answers = (sentAt: number) => [got(0, [100, 110], newer), got(0, [sentAt, 120], older)];
  expect(answersBy(answers(111), shown).wentBack).toBe(1);
  expect(answersBy(answers(109), shown).wentBack).toBe(0);
  expect(answersBy([got(0, [100, 110], newer), got(1, [111, 120], older)], shown).wentBack).toBe(0);
});
