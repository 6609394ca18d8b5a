// What a benchmark is told is judged before it runs: afterwards it would be hours too late.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readArguments } from "../../bench/arguments.ts";

const dir = mkdtempSync(join(tmpdir(), "tidegate-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a file that can't be written is refused, by its name", () => {
  const nowhere = join(dir, "nowhere", "r.json");
  expect(() => readArguments(["--json", nowhere])).toThrow(`--json ${nowhere}: can't be written (ENOENT)`);
  expect(() => readArguments(["--json", dir])).toThrow(`--json ${dir}: can't be written (EISDIR)`);
});

test("one that can is left as it is", () => {
  const file = join(dir, "r.json");
  writeFileSync(file, "before");
  expect(readArguments(["--json", file, "--only", "purge"])).toMatchObject({ json: file, only: ["purge"] });
  expect(readFileSync(file, "utf8")).toBe("before");
});

test("with another flag wrong it is not begun", () => {
  const file = join(dir, "unbegun.json");
  expect(() => readArguments(["--json", file, "--only", "nothing"])).toThrow("--only must be one of");
  expect(existsSync(file)).toBe(false);
});
