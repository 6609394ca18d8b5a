// What `npm run chaos` is told, what it plans, the builds it breaks and the lines it prints.

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { BROKEN_BUILDS, changeFor } from "../../chaos/run/broken-builds.ts";
import { readChaosOptions } from "../../chaos/run/options.ts";
import { whyNotThere } from "../../chaos/run/orders.ts";
import { exitCode, isFoundOut } from "../../chaos/run/outcome.ts";
import { planGameDay, planSuite } from "../../chaos/run/plan.ts";
import { linesOf, scheduleLines } from "../../chaos/run/tell.ts";
import { UsageError } from "../../dev/options.ts";
import { type ChaosReport, EXPERIMENTS, PARTITIONS } from "../../shared/wire/chaos.ts";
import { chaosReport } from "../support/chaos-report.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** Of the broken files, each project has the same rules. */
const CONFIG = at("control-plane/tsconfig.json");
const TYPES = [at("types/lua.d.ts"), at("types/async-hooks.d.ts")];

const ALL = { only: [], seed: 1, duration: null } as const;

describe("the flags", () => {
  test("without any, all experiments on a cluster of our own", () => {
    expect(readChaosOptions([], 5)).toEqual({
      ...{ only: [], seed: 5, duration: null, given: null, json: null, out: ".tidegate/chaos" },
      ...{ gameDay: null, broken: null },
    });
  });

  test.each<[string[], object]>([
    [["--only", "kill-edge,origin-down"], { only: ["kill-edge", "origin-down"] }],
    [["--duration", "20s"], { duration: 20_000 }],
    [["--duration", "1.5m"], { duration: 90_000 }],
    [["--seed", "0"], { seed: 0 }],
    [["--game-day"], { gameDay: 30 }],
    [["--game-day", "--minutes", "5"], { gameDay: 5 }],
    [["--broken"], { broken: "purges-unheeded" }],
    [["--broken", "--seed", "3"], { broken: "purges-unheeded", seed: 3 }],
    [["--broken", "budget-ignored"], { broken: "budget-ignored" }],
    [
      ["--control", "http://localhost:8780/", "--token", "t"],
      { given: { control: "http://localhost:8780", token: "t" } },
    ],
  ])("%j", (args, expected) => {
    expect(readChaosOptions(args, 5)).toMatchObject(expected);
  });

  test.each<[string[]]>([
    [["--only", "drop-tables"]],
    [["--duration", "1s"]],
    [["--duration", "6m"]],
    [["--duration", "soon"]],
    [["--seed", "-1"]],
    [["--minutes", "5"]],
    [["--game-day", "--minutes", "0"]],
    [["--broken", "nothing"]],
    [["--broken", "--game-day"]],
    [["--control", "http://localhost:8780"]],
    [["--control", "localhost", "--token", "t"]],
    [["--broken", "budget-ignored", "--control", "http://localhost:1", "--token", "t"]],
    [["--wat"]],
    [["stray"]],
  ])("wrong: %j", (args) => {
    expect(() => readChaosOptions(args, 5)).toThrow(UsageError);
  });
});

describe("what is run", () => {
  test("every experiment, every partition, control too, in less than a quarter of an hour", () => {
    const plan = planSuite(ALL);
    expect(new Set(plan.map(({ experiment }) => experiment))).toEqual(new Set(EXPERIMENTS));
    expect(new Set(plan.flatMap(({ from }) => from ?? []))).toEqual(new Set(PARTITIONS));
    expect(plan.some(({ target }) => target === "control")).toBe(true);
    expect(new Set(plan.map(({ seed }) => seed)).size).toBe(plan.length);
    const faults = plan.reduce((sum, { durationMs }) => sum + durationMs, 0);
    // Half a minute around each of them, and one for the cluster.
    expect(faults + plan.length * 30_000 + 60_000).toBeLessThan(15 * 60_000);
  });

  test("on a game day the same for the same seed, and another for another", () => {
    const day = planGameDay(60, ALL);
    expect(planGameDay(60, ALL)).toEqual(day);
    expect(planGameDay(60, { ...ALL, seed: 2 })).not.toEqual(day);
    expect(scheduleLines(day)).toEqual(scheduleLines(planGameDay(60, ALL)));
    expect(new Set(day.map(({ planned }) => planned.experiment)).size).toBeGreaterThan(8);
  });

  test("a game day lasts as long as was asked for, its experiments one after the other", () => {
    const day = planGameDay(10, ALL);
    expect(day.at(-1)?.atMs).toBeLessThan(10 * 60_000);
    expect((day.at(-1)?.atMs ?? 0) + 2 * 60_000).toBeGreaterThan(10 * 60_000);
    for (const [at, { atMs, planned }] of day.slice(0, -1).entries())
      expect(day[at + 1]?.atMs).toBeGreaterThan(atMs + planned.durationMs + 20_000);
  });

  test("only what was asked for", () => {
    expect(planSuite({ ...ALL, only: ["kill-edge"] })).toHaveLength(1);
    const day = planGameDay(30, { ...ALL, only: ["partition"], duration: 9000 });
    for (const { planned } of day)
      expect(planned).toMatchObject({ experiment: "partition", durationMs: 9000 });
  });
});

describe("a build that is broken on purpose", () => {
  test.each(Object.entries(BROKEN_BUILDS))("%s is what it was made for", (_name, build) => {
    const { path, change } = changeFor(build);
    expect(existsSync(path)).toBe(true);
    const text = readFileSync(path, "utf8");
    expect(change(text)).not.toBe(text);
    expect(change(text)).toContain(build.put);
    expect(() => change("")).toThrow(build.file);
  });

  test("has no other fault: its types hold", () => {
    const builds = Object.values(BROKEN_BUILDS).map(changeFor);
    const texts = new Map(builds.map(({ path, change }) => [path, change(readFileSync(path, "utf8"))]));
    expect(texts.size).toBe(builds.length);
    const config = ts.readConfigFile(CONFIG, ts.sys.readFile).config;
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(CONFIG));
    const host = ts.createCompilerHost(options);
    const read = host.readFile;
    host.readFile = (path) => texts.get(path) ?? read(path);
    const alone = { ...options, composite: false, incremental: false, noEmit: true };
    const program = ts.createProgram([...texts.keys(), ...TYPES], alone, host);
    const faults = [...texts.keys()].flatMap((path) =>
      program.getSemanticDiagnostics(program.getSourceFile(path)),
    );
    expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  });
});

describe("the exit code", () => {
  test("is 0 where all that was planned has passed, and nothing else is", () => {
    const of = (passed: number, failed: number, notRun = 0) =>
      exitCode({ passed, failed, notRun }, { planned: 3, found: null });
    expect(of(3, 0)).toBe(0);
    expect(of(2, 1)).toBe(1);
    expect(of(2, 0)).toBe(1);
    expect(of(2, 0, 1)).toBe(1);
  });

  test("is 4 where nothing could be run", () => {
    const of = (failed: number, found: boolean | null) =>
      exitCode({ passed: 0, failed, notRun: 2 }, { planned: 3, found });
    expect(of(0, null)).toBe(4);
    expect(of(0, false), "of a broken build, too").toBe(4);
    expect(of(1, null)).toBe(1);
  });

  test("of a control plane that takes no order is 4, and it is told why", async () => {
    const refusing = createServer((_request, response) =>
      response.writeHead(403).end('{"title":"Forbidden"}'),
    );
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    const control = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const args = ["chaos/run.ts", "--only", "kill-edge", "--control", control, "--token", "none"];
    const cwd = new URL("../../", import.meta.url).pathname;
    const ran = promisify(execFile)(process.execPath, ["--import", "./scripts/lua-loader.mjs", ...args], {
      cwd,
    });
    await expect(ran).rejects.toMatchObject({
      code: 4,
      stdout: expect.stringMatching(
        /could not be run\n {2}POST \/chaos: 403 Forbidden\n0 passed, 0 failed, 1 could not/,
      ),
    });
    refusing.close();
  });

  test.each([
    [{ status: 401, json: { title: "Unauthorized" } }, /401 Unauthorized/],
    [{ status: 200, json: { enabled: false } }, /experiments are off at .*npm start -- --chaos/],
    [{ status: 200, json: { enabled: true } }, null],
    [{ status: 403, json: { title: "Forbidden" } }, null],
  ])("a control plane that answers %j is told of before anything is waited for, or not", async (say, why) => {
    const there = createServer((_request, response) =>
      response.writeHead(say.status).end(JSON.stringify(say.json)),
    );
    await new Promise<void>((resolve) => there.listen(0, "127.0.0.1", resolve));
    const control = `http://127.0.0.1:${(there.address() as AddressInfo).port}`;
    const told = await whyNotThere({ control, token: "none" });
    there.close();
    expect(told).toEqual(why === null ? null : expect.stringMatching(why));
    expect(await whyNotThere({ control, token: "none" })).toContain(`${control}: no answer`);
  });

  test("of a build that is broken says whether its own fault was found out, whatever else failed", () => {
    const { verdicts, ...report } = chaosReport();
    const [verdict] = verdicts;
    if (verdict === undefined) throw new Error("the sample has no verdict");
    const found = (more: Partial<typeof verdict>): boolean =>
      isFoundOut({ breaks: "ledger" }, [{ ...report, verdicts: [{ ...verdict, name: "ledger", ...more }] }]);
    expect(found({ holds: false, measured: 1 })).toBe(true);
    expect(found({ holds: true, measured: 0 })).toBe(false);
    expect(found({ holds: false, measured: null }), "not measured").toBe(false);
    expect(found({ holds: false, measured: 1, name: "convergence" }), "another bound").toBe(false);
    expect(exitCode({ passed: 0, failed: 1, notRun: 0 }, { planned: 1, found: true })).toBe(1);
    expect(exitCode({ passed: 0, failed: 1, notRun: 0 }, { planned: 1, found: false })).toBe(3);
    expect(exitCode({ passed: 1, failed: 0, notRun: 0 }, { planned: 1, found: false })).toBe(3);
  });
});

test("a verdict that does not hold says why, on its line", () => {
  const report: ChaosReport = {
    ...{ id: "one", experiment: "partition", target: "edge-2", seed: 9, state: "failed", phase: "over" },
    ...{ startedAt: 0, endedAt: 31_400, durationMs: 12_000, hypothesis: "", timeline: [], events: [] },
    problem: null,
    verdicts: [
      {
        ...{ name: "client-errors", text: "Requests that failed", holds: true, measured: 0, limit: 0 },
        ...{ comparison: "at-most", unit: "requests" },
      },
      {
        ...{ name: "stale-serves", text: "Answers out of date", holds: false, measured: null, limit: 0 },
        ...{ comparison: "at-most", unit: "requests" },
      },
    ],
  };
  const planned = {
    experiment: "partition",
    target: null,
    durationMs: 12_000,
    seed: 9,
    from: "all",
  } as const;
  expect(linesOf(planned, report)).toEqual([
    "partition (edge-2, from all): failed in 31 s, seed 9",
    "  holds client-errors: 0 ≤ 0 requests",
    "  FAILS stale-serves: not measured ≤ 0 requests (Answers out of date)",
  ]);
});
