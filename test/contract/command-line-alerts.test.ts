// Alerts on the command line, against a scripted control plane.

import { expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { problem, type Step, scriptedControl } from "../support/scripted-control.ts";

const ALERT = {
  ...{ id: "silent-1", rule: "edge-silent", title: "An edge is silent", severity: "page", state: "firing" },
  ...{
    since: "2026-01-02T03:04:05.678Z",
    value: 0.5,
    threshold: 0.2,
    unit: "ratio",
    summary: "edge-2 is silent",
  },
  ...{ labels: { edge: "edge-2" }, runbook: "ops/runbooks/edge-silent.md", measured: true },
  acknowledged: { by: "ops", at: "2026-01-02T03:05:00.000Z", note: "on it" },
};
const page = (items: object[]) => ({
  ...{ items, nextCursor: null, judging: "current", evaluatedAt: ALERT.since, unmeasured: [], refused: null },
});

test("what fires is told with its measure, who looks after it, and what to read", async () => {
  const { fetch, sent } = scriptedControl([{ status: 200, json: page([ALERT]) }]);
  const { stdout } = await runCli(["alerts", "list", "--state", "firing"], { fetch });
  expect(new URL(sent[0]?.url ?? "").search).toBe("?state=firing");
  expect(stdout).toBe(
    [
      "FIRING  An edge is silent  (page)",
      "  edge-2 is silent",
      "  since 2026-01-02 03:04:05Z; 50 %, where 20 % is the limit",
      "  ops looks after it since 2026-01-02 03:05:00Z: on it",
      "  what to do: ops/runbooks/edge-silent.md",
      "  silent-1",
      "",
    ].join("\n"),
  );
  expect((await runCli(["alerts", "list"], scriptedControl([{ status: 200, json: page([]) }]))).stdout).toBe(
    "Nothing fires.\n",
  );
});

test.each([
  ["stopped", ALERT.since, "The rules were last judged 2026-01-02 03:04:05Z: nothing is known"],
  ["not-begun", null, "No rule has been judged yet."],
  ["unreachable", null, "no rule can be judged"],
])("where the rules are not judged (%s), it does not say that nothing fires", async (judging, at, words) => {
  const json = { ...page([]), judging, evaluatedAt: at, unmeasured: ["edge-silent"] };
  const { stdout, stderr } = await runCli(["alerts"], scriptedControl([{ status: 200, json }]));
  // Nor is a result that it found none.
  expect(stdout).toBe("");
  expect(stderr).toContain(words);
});

test("a receiver that takes no message is told of beside what fires", async () => {
  const refused = { since: ALERT.since, reason: "it answered 500" };
  const { stdout, stderr } = await runCli(
    ["alerts"],
    scriptedControl([{ status: 200, json: { ...page([]), refused } }]),
  );
  expect(stdout).toBe("Nothing fires.\n");
  expect(stderr).toContain("takes no message since 2026-01-02 03:04:05Z, it answered 500.");
});

test("of several acknowledged, one that is over makes it partial", async () => {
  const control = scriptedControl(
    ({ url }): Step => (url.includes("gone") ? problem(404, "not-found") : { status: 200, json: ALERT }),
  );
  const ran = await runCli(["alerts", "ack", "silent-1", "gone", "--note", "on it"], control);
  expect([ran.exit, control.sent[0]?.body]).toEqual([6, { note: "on it" }]);
  expect([ran.stdout, ran.stderr]).toEqual([
    "silent-1 is looked after: An edge is silent\n",
    expect.stringContaining("gone"),
  ]);
});
