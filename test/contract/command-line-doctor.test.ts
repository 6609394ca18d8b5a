// The doctor on the command line: what it sees from here, what it is told, and what it ends with.

import { describe, expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { problem, type Step, scriptedControl } from "../support/scripted-control.ts";

const check = (state: string, what: string, advice: string | null = null) => ({
  ...{ area: "edges", id: `edge-${what}`, state, what, advice },
});
const diagnosis = (more: object = {}) => ({
  ...{ at: new Date().toISOString(), version: "0.1.0", askedBy: { name: "ops", scopes: ["read"] } },
  ...{ checks: [check("ok", "one answers")], ...more },
});
const HEALTH = { status: 200, json: { status: "ok", position: null } };
const answering = (doctor: Step, ready: Step = HEALTH) =>
  scriptedControl(({ url }) => (url.endsWith("/doctor") ? doctor : url.endsWith("/readyz") ? ready : HEALTH));
const states = (json: { checks: { id: string; state: string }[] }) =>
  Object.fromEntries(json.checks.map(({ id, state }) => [id, state]));

describe("doctor", () => {
  test("where all is well it says so, area by area, and ends with 0", async () => {
    const { exit, stdout } = await runCli(["doctor"], answering({ status: 200, json: diagnosis() }));
    expect(exit).toBe(0);
    expect(stdout).toContain("edges\n  ✓ one answers\n");
    expect(stdout).toContain("0 failures, 0 warnings");
  });

  test("a failure is 6, with what to do; warnings and what is not known are 0", async () => {
    const checks = [check("fail", "two is silent", "Start it."), check("ok", "one answers")];
    const failed = await runCli(
      ["doctor", "--problems"],
      answering({ status: 200, json: diagnosis({ checks }) }),
    );
    expect([failed.exit, failed.stdout]).toEqual([
      6,
      expect.stringMatching(/^edges\n {2}✗ two is silent\n {6}Start it\.\n/),
    ]);
    const mild = [check("warn", "lags"), check("unknown", "?")];
    expect(
      (await runCli(["doctor"], answering({ status: 200, json: diagnosis({ checks: mild }) }))).exit,
    ).toBe(0);
  });

  test.each(["refused", "silent"] as const)(
    "a control plane that is away (%s) is told once",
    async (step) => {
      const { exit, json } = await runCli(["doctor", "--json"], scriptedControl([step]));
      expect([exit, states(json)["control-live"]]).toEqual([6, "fail"]);
      expect(json.checks.filter(({ state }: { state: string }) => state === "fail")).toEqual([
        expect.objectContaining({ advice: "See that it runs, and that --url is right." }),
      ]);
    },
  );

  test("a control plane that is not ready fails by name", async () => {
    const unready = await runCli(
      ["doctor", "--json"],
      answering({ status: 200, json: diagnosis() }, problem(503, "unavailable")),
    );
    expect([unready.exit, states(unready.json)["control-ready"]]).toEqual([6, "fail"]);
  });

  test.each([
    [problem(401, "unauthorized"), "token", "fail"],
    [problem(403, "forbidden"), "token", "unknown"],
    [problem(404, "not-found"), "control-version", "warn"],
    [problem(500, "internal"), "control-doctor", "fail"],
  ])("a refusal is a finding: %#", async (step, id, state) => {
    const { json } = await runCli(["doctor", "--json"], answering(step));
    expect(states(json)[id]).toBe(state);
  });

  test("clocks, releases and tokens that don't fit are warned of", async () => {
    const far = {
      at: new Date(Date.now() - 60_000).toISOString(),
      version: "0.0.9",
      askedBy: { name: "admin", scopes: ["admin"] },
    };
    const { json } = await runCli(["doctor", "--json"], answering({ status: 200, json: diagnosis(far) }));
    expect(states(json)).toMatchObject({ "clock-here": "warn", "control-version": "warn", token: "warn" });
  });

  test("without a token it looks at what needs none", async () => {
    const env = { TIDEGATE_URL: "https://a.example", TIDEGATE_TOKEN: "" };
    const { exit, json } = await runCli(["doctor", "--json"], { ...answering(HEALTH), env });
    expect([exit, states(json)["config-token"], states(json)["control-live"]]).toEqual([6, "fail", "ok"]);
  });
});
