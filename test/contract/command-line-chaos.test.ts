// Experiments on the command line, against a scripted control plane.

import { describe, expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { problem, type Step, scriptedControl } from "../support/scripted-control.ts";

const VERDICT = {
  ...{ name: "stale-serves", text: "Nothing stale is served", holds: true, measured: 0, limit: 0 },
  ...{ comparison: "at-most", unit: "requests" },
};
const RUNNING = {
  ...{ id: "c1", experiment: "kill-edge", target: "edge-2", seed: 7, state: "running", phase: "fault" },
  ...{ startedAt: "2026-01-02T03:04:05.678Z", endedAt: null, durationMs: 15_000, problem: null },
  ...{ hypothesis: "Nobody notices.", verdicts: [], events: [], actor: "ops", reason: null },
  report: "/chaos/c1/report",
  timeline: [
    { second: 0, phase: "fault", requests: 200, hits: 190, errors: 1, originRequests: 10, p99Ms: 3 },
  ],
};
const PASSED = {
  ...RUNNING,
  ...{ state: "passed", phase: "over", endedAt: "2026-01-02T03:05:05.678Z", verdicts: [VERDICT] },
};
const FAILED = {
  ...PASSED,
  state: "failed",
  verdicts: [
    VERDICT,
    { ...VERDICT, name: "hit-rate-recovery", holds: false, measured: 18_000, limit: 10_000, unit: "ms" },
  ],
};

const asked = (json: unknown) => scriptedControl([{ status: 200, json }]);

test("chaos alone lists what can be broken, and says where it is off", async () => {
  const items = [
    { experiment: "kill-edge", does: "Kills an edge.", target: "edge", targets: ["edge-1", "edge-2"] },
    { experiment: "origin-down", does: "Takes the origin away.", target: null, targets: [] },
  ];
  const control = asked({ enabled: false, items, nextCursor: null });
  const { exit, stdout, stderr } = await runCli(["chaos"], control);
  expect([exit, new URL(control.sent[0]?.url ?? "").pathname]).toEqual([0, "/chaos/experiments"]);
  expect(stdout.split("\n")).toEqual([
    "EXPERIMENT   TARGET         WHAT",
    "kill-edge    edge-1 edge-2  Kills an edge.",
    "origin-down  –              Takes the origin away.",
    "",
  ]);
  expect(stderr).toContain("npm start -- --chaos");
});

describe("chaos run", () => {
  // As reports name it: one that was drawn has ten digits, most often.
  const SEED = 4_294_967_295;
  const flags = [
    ...["--target", "edge-2", "--duration", "20s", "--seed", String(SEED), "--reason", "game day"],
  ];

  test("sends what was said and nothing else", async () => {
    const control = scriptedControl([{ status: 202, json: RUNNING }]);
    const { exit, stdout } = await runCli(["chaos", "run", "kill-edge", ...flags, "--yes"], control);
    expect(exit).toBe(0);
    expect(control.sent[0]).toMatchObject({
      method: "POST",
      body: {
        ...{ experiment: "kill-edge", target: "edge-2", durationMs: 20_000, seed: SEED, reason: "game day" },
      },
    });
    expect(stdout).toContain("tidegate chaos abort c1");
  });

  test.each([
    ["where nobody can be asked", undefined, 0],
    ["where somebody says no", { typed: ["n"] }, 1],
  ])("breaks nothing %s", async (_name, terminal, questions) => {
    const control = scriptedControl([{ status: 202, json: RUNNING }]);
    const seat = { ...control, ...(terminal === undefined ? {} : { terminal }) };
    const ran = await runCli(["chaos", "run", "kill-edge", "--target", "edge-2"], seat);
    expect([ran.exit, ran.asked.length, control.sent]).toEqual([2, questions, []]);
    if (questions > 0) expect(ran.asked[0]).toBe("Run kill-edge on edge-2 at http://control.test? [y/N] ");
  });

  test.each([
    [PASSED, 0],
    [FAILED, 6],
    [{ ...PASSED, state: "aborted", problem: "The agent is gone." }, 6],
  ])("with --wait looks on to the end and says by its exit code what came of it", async (end, exit) => {
    const control = scriptedControl(({ method }): Step => {
      if (method === "POST") return { status: 202, json: RUNNING };
      return { status: 200, json: end };
    });
    const ran = await runCli(["chaos", "run", "kill-edge", "--yes", "--wait"], control);
    expect(ran.exit).toBe(exit);
    expect(ran.stdout).toContain(`kill-edge edge-2: ${end.state}`);
    expect(ran.stdout).toContain("http://control.test/chaos/c1/report");
    if (end.problem !== null) expect(ran.stdout).toContain(end.problem);
  });

  test("shows how far it is to whoever looks, and waits while nobody can tell", async () => {
    const answers: Step[] = [{ status: 200, json: RUNNING }, problem(503, "unavailable")];
    const control = scriptedControl(({ method }): Step => {
      if (method === "POST") return { status: 202, json: RUNNING };
      return answers.shift() ?? { status: 200, json: PASSED };
    });
    const ran = await runCli(["chaos", "run", "kill-edge", "--yes", "--wait"], { ...control, terminal: {} });
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain("fault  1 s  200 req/s  95 % hits  1 errors");
  });

  test.each([
    [problem(409, "chaos-disabled"), 5],
    [problem(409, "conflict"), 5],
    [problem(422, "invalid-body"), 2],
    [problem(403, "forbidden"), 3],
  ])("a refusal is told by its exit code", async (step, exit) => {
    expect((await runCli(["chaos", "run", "kill-edge", "--yes"], scriptedControl([step]))).exit).toBe(exit);
  });

  test("an experiment that there is not is no request", async () => {
    const control = asked(RUNNING);
    expect((await runCli(["chaos", "run", "meteor", "--yes"], control)).exit).toBe(2);
    expect(control.sent).toEqual([]);
  });
});

test("a report is told bound by bound", async () => {
  const { exit, stdout } = await runCli(["chaos", "show", "c1"], asked(FAILED));
  expect(exit).toBe(6);
  expect(stdout.split("\n")).toEqual([
    "kill-edge edge-2: failed",
    "  Nobody notices.",
    "  c1, seed 7, fault of 15 s, 1 min in all",
    "",
    "BOUND              HOLDS    MEASURED         LIMIT  EXPECTED",
    "stale-serves       yes    0 requests  ≤ 0 requests  Nothing stale is served",
    "hit-rate-recovery  NO           18 s        ≤ 10 s  Nothing stale is served",
    "",
    "report: http://control.test/chaos/c1/report",
    "",
  ]);
  expect((await runCli(["chaos", "show", "c1", "--json"], asked(FAILED))).json).toEqual(FAILED);
});

test("the list has a line for each, and an abort says what it came to", async () => {
  const page = { enabled: true, items: [PASSED], nextCursor: null };
  const { stdout } = await runCli(["chaos", "list"], asked(page));
  expect(stdout).toContain("2026-01-02 03:04:05Z  kill-edge edge-2  passed   1/1  1 min  ops  c1");
  const control = asked({ ...PASSED, state: "aborted" });
  expect(await runCli(["chaos", "abort", "c1"], control)).toMatchObject({ exit: 0 });
  expect(control.sent[0]?.method).toBe("DELETE");
});
