// Keeps the project tidy: each rule is read off the tree, and shown to fail on a small bad example.

import { describe, expect, test } from "vitest";
import { configRows, withConfigTables } from "../scripts/config-tables.ts";
import { ambientBreaches, coreBreaches, miniflareBreaches, promiseBreaches } from "./support/tidy/ambient.ts";
import { decisionBreaches, documentPathBreaches, elsewhereBreaches } from "./support/tidy/documents.ts";
import { cycleBreaches, floorBreaches, redisClientBreaches } from "./support/tidy/imports.ts";
import {
  evasionBreaches,
  fileLengthBreaches,
  functionLengthBreaches,
  maxFileLines,
  maxFunctionLines,
  openingBreaches,
} from "./support/tidy/shape.ts";
import { projectFiles, type SourceFile } from "./support/tidy/tree.ts";

/** Where a worker's clock, randomness and timers are made into ports: its composition root. */
const compositionRoots = [
  "edge/worker.ts",
  "edge/runtime/",
  "control-plane/worker.ts",
  "control-plane/runtime/",
  "shared/runtime/",
];

const files = projectFiles();
if (!files.some(({ path }) => path === "test/tidy.test.ts")) throw new Error("git does not list this tree");

describe("who imports whom", () => {
  test("each floor imports only the floors below it", () => {
    expect(floorBreaches(files)).toEqual([]);
  });

  test.each([
    ["shared/core/a.ts", "../ports/clock.ts"],
    ["shared/core/a.ts", "zod"],
    ["shared/ports/a.ts", "../wire/message.ts"],
    ["shared/wire/a.ts", "../mid-tier/client.ts"],
    ["shared/mid-tier/a.ts", "../../edge/config.ts"],
    ["edge/a.ts", "../control-plane/config.ts"],
    ["control-plane/a.ts", "../client/index.ts"],
    ["client/a.ts", "../cli/main.ts"],
    ["client/a.ts", "node:fs"],
    ["cli/a.ts", "../edge/config.ts"],
    ["dev/a.ts", "../edge/worker.ts"],
    ["bench/a.ts", "../test/support/x.ts"],
    ["root.config.ts", "./test/support/x.ts"],
  ])("a floor is broken when %s imports %s", (path, target) => {
    expect(floorBreaches([file(path, `import type { X } from "${target}";`)])).toHaveLength(1);
    expect(floorBreaches([file(path, `const x = await import("${target}");`)])).toHaveLength(1);
  });

  test.each([
    ["edge/log/a.ts", "../../shared/core/position.ts"],
    ["cli/a.ts", "../client/index.ts"],
    ["control-plane/dashboard/a.ts", "../../client/index.ts"],
    ["test/core/a.ts", "../../edge/config.ts"],
  ])("no floor is broken when %s imports %s", (path, target) => {
    expect(floorBreaches([file(path, `import { x } from "${target}";`)])).toEqual([]);
  });

  test("only shared/mid-tier imports the Redis client", () => {
    expect(redisClientBreaches(files)).toEqual([]);
    const text = 'import { Redis } from "@upstash/redis/cloudflare";';
    expect(redisClientBreaches([file("edge/a.ts", text)])).toHaveLength(1);
    expect(redisClientBreaches([file("shared/mid-tier/a.ts", text)])).toEqual([]);
  });

  test("imports form no cycle, types included", () => {
    expect(cycleBreaches(files)).toEqual([]);
    const knot = [
      file("a.ts", 'import type { B } from "./b/b.ts";'),
      file("b/b.ts", 'export * from "./c.ts";'),
      file("b/c.ts", 'type A = import("../a.ts").A;'),
    ];
    expect(cycleBreaches(knot)).toEqual(["cycle: a.ts → b/b.ts → b/c.ts → a.ts"]);
    expect(cycleBreaches(knot.slice(0, 2))).toEqual([]);
  });
});

describe("what a file reaches for", () => {
  test("the core has no clock, timer or randomness", () => {
    expect(coreBreaches(files)).toEqual([]);
    const bad = ["new Date(0)", "Math.random()", "performance.now()", "setTimeout(f, 1)", "globalThis.Date"];
    for (const text of bad) expect(coreBreaches([file("shared/core/a.ts", text)]), text).toHaveLength(1);
    const good = '// Date\nconst a = headers.Date ?? { Date: "Date" };';
    expect(coreBreaches([file("shared/core/a.ts", good)])).toEqual([]);
  });

  test("workers take clock, randomness and timers as ports", () => {
    expect(ambientBreaches(files, compositionRoots)).toEqual([]);
    const bad = ["Date.now()", "new Date()", "Math.random()", "crypto.randomUUID()", "setTimeout(f, 1)"];
    for (const text of [...bad, "globalThis.crypto.randomUUID()"]) {
      expect(ambientBreaches([file("edge/a.ts", text)], compositionRoots), text).toHaveLength(1);
      expect(ambientBreaches([file("edge/runtime/a.ts", text)], compositionRoots), text).toEqual([]);
    }
    expect(ambientBreaches([file("edge/a.ts", "new Date(at)")], compositionRoots)).toEqual([]);
  });

  test("workers make promises that know their request", () => {
    expect(promiseBreaches(files)).toEqual([]);
    for (const path of ["edge/a.ts", "control-plane/a.ts", "shared/runtime/a.ts"])
      expect(promiseBreaches([file(path, "new Promise((resolve) => f(resolve))")]), path).toHaveLength(1);
  });

  test("Miniflare is made in one file at most", () => {
    expect(miniflareBreaches(files)).toEqual([]);
    const one = file("dev/a.ts", "new Miniflare({});");
    expect(miniflareBreaches([one])).toEqual([]);
    expect(miniflareBreaches([one, file("test/b.ts", "new Miniflare({});")])).toHaveLength(2);
  });
});

describe("how a file looks", () => {
  test(`no source file has more than ${maxFileLines} lines`, () => {
    expect(fileLengthBreaches(files)).toEqual([]);
    expect(fileLengthBreaches([file("edge/a.ts", "x\n".repeat(maxFileLines))])).toEqual([]);
    expect(fileLengthBreaches([file("edge/a.ts", "x\n".repeat(maxFileLines + 1))])).toHaveLength(1);
    const made = "// Types: made from a document by `npm run types`.\n";
    expect(fileLengthBreaches([file("edge/a.ts", made + "x\n".repeat(maxFileLines))])).toEqual([]);
  });

  test(`no function has more than ${maxFunctionLines} lines`, () => {
    expect(functionLengthBreaches(files)).toEqual([]);
    const ofLines = (lines: number) => `const f = () => {${"\n".repeat(lines - 1)}};`;
    expect(functionLengthBreaches([file("edge/a.ts", ofLines(maxFunctionLines))])).toEqual([]);
    expect(functionLengthBreaches([file("edge/a.ts", ofLines(maxFunctionLines + 1))])).toHaveLength(1);
  });

  test("every source file opens with a sentence that says what it is", () => {
    expect(openingBreaches(files)).toEqual([]);
    const good = [
      file("a.ts", "// Says what it is.\nx"),
      file("a.mjs", "#!/usr/bin/env node\n/** Says what\n * it is. */\nx"),
      file("a.lua", "-- Appends an entry: KEYS[1] is the log.\nreturn 1"),
    ];
    expect(openingBreaches(good)).toEqual([]);
    const bad = [
      file("a.ts", 'import "x"; // Says what it is.'),
      file("a.ts", "// types"),
      file("a.lua", ""),
    ];
    expect(openingBreaches(bad)).toHaveLength(bad.length);
  });

  test("tests neither sleep nor are left out", () => {
    expect(evasionBreaches(files)).toEqual([]);
    const bad = ["it.skip('x', f)", "describe.only('x', f)", "test.todo('x')", "test.each([1]).only('x', f)"];
    for (const text of [...bad, "await sleep(5)", "await timers.sleep(5)"]) {
      expect(evasionBreaches([file("test/a.test.ts", text)]), text).toHaveLength(1);
    }
    expect(evasionBreaches([file("test/a.test.ts", "it('.skip', () => cursor.skip(3))")])).toEqual([]);
  });
});

describe("what documents say", () => {
  test("paths that they name exist", () => {
    expect(documentPathBreaches(files)).toEqual([]);
    const tree = [file("edge/log/pull.ts", ""), file("shared/core/a.ts", "")];
    const named = (name: string) => documentPathBreaches([...tree, file("README.md", `See \`${name}\`.`)]);
    for (const good of [
      "{edge/log,shared/core}/*.ts",
      "./edge/log/pull.ts:3",
      "edge/",
      "edge/*/pull.ts",
      "image/png",
    ]) {
      expect(named(good), good).toEqual([]);
    }
    for (const bad of ["edge/pull.ts", "edge/log/{pull,push}.ts", "shared/*.ts", "shared/ports/"]) {
      expect(named(bad), bad).toHaveLength(1);
    }
  });

  test("every decision has a line in the index", () => {
    expect(decisionBreaches(files)).toEqual([]);
    const adr = file("docs/adr/0007-why.md", "# 7. Why\n");
    const told = (row: string) => decisionBreaches([adr, file("docs/adr/README.md", row)]);
    expect(told("| 7 | [Why](0007-why.md) | Because. |")).toEqual([]);
    for (const row of ["", "| 7 | [Why](0007-why.md) | |", "| 7 | [Other](0007-why.md) | Because. |"])
      expect(told(row), row).toHaveLength(1);
  });

  test("the README's tables of limits equal the files that hold them", () => {
    const readme = files.find((one) => one.path === "README.md")?.text ?? "";
    const read = (path: string) => files.find((one) => one.path === path)?.text ?? "";
    expect(withConfigTables(readme, read)).toBe(readme);
    for (const path of ["edge/config.ts", "control-plane/config.ts", "shared/view/limits.ts"]) {
      expect(readme).toContain(`<!-- config:${path} -->`);
      const rows = configRows(read(path));
      expect(rows.length).toBeGreaterThan(15);
      expect(
        rows.filter(({ why }) => why === "").map(({ name }) => `${path}: ${name} gives no reason`),
      ).toEqual([]);
    }
  });

  test("a table that differs from the code is told apart", () => {
    const source = "export const LIMITS = {\n  /** An index | entry each. */\n  maxTags: 64,\n} as const;";
    const section = "<!-- config:a.ts -->\n<!-- /config -->";
    expect(withConfigTables(section, () => source)).toContain(
      "| `maxTags` | 64 | An index \\| entry each. |",
    );
    const stale = withConfigTables(section, () => source).replace("64", "65");
    expect(withConfigTables(stale, () => source)).not.toBe(stale);
  });

  test("nothing names a place on somebody's machine", () => {
    expect(elsewhereBreaches(files)).toEqual([]);
    for (const text of [`/${"work"}/main`, `see "/${"farm"}/x"`, `cat .${"library"}/x`]) {
      expect(elsewhereBreaches([file("README.md", text)]), text).toHaveLength(1);
    }
    expect(
      elsewhereBreaches([file("README.md", `https://example.com/${"work"}/ and its.${"library"}`)]),
    ).toEqual([]);
  });
});

function file(path: string, text: string): SourceFile {
  return { path, text };
}
