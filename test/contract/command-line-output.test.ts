// What the command line says where its output can't be written, where help is asked for, and of a failure where JSON is.

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Ran, runCli, type Seat } from "../support/command-line.ts";
import { problem, scriptedControl } from "../support/scripted-control.ts";

test.skipIf(!existsSync("/dev/full"))("a full disk is told in one line", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, ["cli/main.ts", "--version"], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  expect([status, stderr]).toEqual([1, "The output can't be written: ENOSPC\n"]);
});

test.each([
  ["--help", 0],
  ["--out", 2],
])("the client library is not packed with %s", (flag, exit) => {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/pack-client.ts", flag], {
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([exit, expect.stringContaining("It takes no options.")]);
});

describe("a failure is one document wherever JSON is asked for", () => {
  const errorIn = ({ stdout }: Ran) => JSON.parse(stdout).error;
  const refusing = () => scriptedControl([problem(404, "not-found")]);

  test.each<[string, Seat]>([
    ["by the environment", { env: { TIDEGATE_OUTPUT: "json" } }],
    ["by the file", { files: { "/project/tidegate.toml": 'output = "json"\n' } }],
  ])("%s", async (_, seat) => {
    const gone = await runCli(["receipts", "gone"], { ...refusing(), ...seat });
    expect([gone.exit, errorIn(gone)]).toMatchObject([4, { code: "not-found", status: 404, errors: [] }]);
    const wrong = await runCli(["edges", "--bogus"], seat);
    expect([wrong.exit, errorIn(wrong)]).toEqual([
      2,
      { code: "usage", status: null, message: "unknown option '--bogus'", errors: [], requestId: null },
    ]);
    const nothing = await runCli(["purge"], seat);
    expect([nothing.exit, errorIn(nothing).code]).toEqual([2, "command"]);
  });

  test("a command that is missing is said, and what there are stands on stderr", async () => {
    const { exit, json, stderr } = await runCli(["--json", "policies"]);
    expect([exit, json.error.message]).toEqual([2, "a command is missing"]);
    expect(stderr).toContain("Usage: tidegate policies");
  });

  test("where text is asked for, none is written", async () => {
    const { stdout, stderr } = await runCli(["receipts", "gone"], { ...refusing(), env: {} });
    expect([stdout, stderr]).toEqual(["", expect.stringContaining("tidegate: ")]);
  });
});
