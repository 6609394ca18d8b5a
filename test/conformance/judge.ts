// Holds the suite's results against the list of expected failures, and tells it in lines.

import type { ExpectedFailure } from "./expected-failures.ts";
import type { Kind, TestResult } from "./suite.ts";

export interface Verdict {
  readonly counts: Readonly<Record<Kind, { readonly passed: number; readonly total: number }>>;
  /** Failing required and optimal tests, by id; `expected` is null where the list has none for it. */
  readonly failing: readonly (TestResult & { readonly expected: ExpectedFailure | null })[];
  /** Listed ids that pass, or that the suite has no required or optimal test for: the list is out of date. */
  readonly outdated: readonly string[];
}

const KINDS = ["required", "optimal", "check"] as const;

/** A `check` asks what a cache does; it has no wrong answer, and none is expected. */
export function judge(
  results: readonly TestResult[],
  list: Readonly<Record<string, ExpectedFailure>>,
): Verdict {
  const judged = results.filter(({ kind }) => kind !== "check");
  const failing = judged.filter(({ failure }) => failure !== null);
  const failingIds = new Set(failing.map(({ id }) => id));
  return {
    counts: {
      required: count(results, "required"),
      optimal: count(results, "optimal"),
      check: count(results, "check"),
    },
    failing: failing.map((result) => ({ ...result, expected: expectation(result, list[result.id]) })),
    outdated: Object.keys(list)
      .filter((id) => !failingIds.has(id))
      .sort(),
  };
}

/** Null where the list has no entry, or has one for another way to fail. */
function expectation(result: TestResult, entry: ExpectedFailure | undefined): ExpectedFailure | null {
  const asListed = entry?.answers === undefined || entry.answers.join() === result.answers.join();
  return entry !== undefined && asListed ? entry : null;
}

function count(results: readonly TestResult[], kind: Kind): { passed: number; total: number } {
  const ofKind = results.filter((result) => result.kind === kind);
  return { passed: ofKind.filter(({ failure }) => failure === null).length, total: ofKind.length };
}

export const isSound = (verdict: Verdict): boolean => unexpected(verdict) === 0;

const unexpected = ({ failing, outdated }: Verdict): number =>
  failing.filter(({ expected }) => expected === null).length + outdated.length;

export function report(verdict: Verdict): string[] {
  const { counts, failing, outdated } = verdict;
  const passed = counts.required.passed + counts.optimal.passed;
  return [
    ...KINDS.map((kind) => `${kind}: ${counts[kind].passed}/${counts[kind].total}`),
    ...failing.map(failureLine),
    ...outdated.map((id) => `outdated: ${id} is listed as an expected failure, and does not fail`),
    `${passed} passed, ${unexpected(verdict)} failed`,
  ];
}

function failureLine({ id, kind, failure, answers, expected }: Verdict["failing"][number]): string {
  if (expected === null) return `${kind} ${id}: UNEXPECTED (answers: ${answers.join(", ")}): ${failure}`;
  return `${kind} ${id}: expected (${expected.why}): ${expected.text}`;
}
