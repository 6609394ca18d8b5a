// How the conformance run judges: only what the list expects may fail, and only as it expects it.

import { describe, expect, test } from "vitest";
import { EXPECTED_FAILURES, type ExpectedFailure } from "./expected-failures.ts";
import { isSound, judge, report } from "./judge.ts";
import type { TestResult } from "./suite.ts";

const passes = (id: string): TestResult => ({ id, kind: "required", failure: null, answers: [200] });
const fails = (id: string, changes: Partial<TestResult> = {}): TestResult => ({
  ...passes(id),
  failure: "Assertion: it is wrong",
  ...changes,
});

const LIST: Record<string, ExpectedFailure> = {
  a: { why: "workerd", text: "it can't", answers: [200, 502] },
  b: { why: "privacy", text: "it may not" },
};
const AS_LISTED = [fails("a", { answers: [200, 502] }), fails("b", { kind: "optimal" })];
const closing = (results: readonly TestResult[]) => {
  const verdict = judge(results, LIST);
  return [isSound(verdict), report(verdict).at(-1)];
};

describe("a run is sound", () => {
  test("where nothing fails but what is listed, as it is listed", () => {
    expect(closing([...AS_LISTED, passes("c")])).toEqual([true, "1 passed, 0 failed"]);
  });

  test("whatever is answered to a mere question", () => {
    expect(closing([...AS_LISTED, fails("c", { kind: "check" })])).toEqual([true, "0 passed, 0 failed"]);
  });

  test.each<[string, TestResult[]]>([
    ["an unlisted test fails", [...AS_LISTED, fails("c")]],
    ["an unlisted optimal test fails", [...AS_LISTED, fails("c", { kind: "optimal" })]],
    ["a listed one passes", [fails("a", { answers: [200, 502] }), passes("b")]],
    ["a listed one is not there", AS_LISTED.slice(0, 1)],
    ["a listed one fails in another way", [fails("a", { answers: [200, 200] }), fails("b")]],
  ])("but not where %s", (_, results) => expect(closing(results).at(0)).toBe(false));
});

test("a failure is told with its reason, or as unexpected", () => {
  const lines = report(judge([fails("a"), fails("b")], LIST));
  expect(lines).toContain("required a: UNEXPECTED (answers: 200): Assertion: it is wrong");
  expect(lines).toContain("required b: expected (privacy): it may not");
});

test("only methods that the runtime does not know are put down to it", () => {
  const ofRuntime = Object.entries(EXPECTED_FAILURES).filter(([, { why }]) => why === "workerd");
  expect(ofRuntime.map(([id]) => id)).toEqual([
    "invalidate-M-SEARCH",
    "invalidate-M-SEARCH-cl",
    "invalidate-M-SEARCH-failed",
  ]);
});
