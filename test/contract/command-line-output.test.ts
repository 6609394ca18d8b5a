// The command line as a process: what it says where its output can't be written, and what is made where help is asked for.

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { expect, test } from "vitest";

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
