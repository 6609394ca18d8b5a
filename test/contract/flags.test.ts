// Flags of the project's commands: each given once, and a wrong value told as what it may be.

import { describe, expect, test } from "vitest";
import { readArguments } from "../../bench/arguments.ts";
import { readChaosOptions } from "../../chaos/run/options.ts";
import { parseFlags } from "../../dev/flags.ts";
import { readOptions } from "../../dev/options.ts";
import { parse } from "../simulator/request.ts";

const COMMANDS: readonly (readonly [string, (args: string[]) => unknown, flag: string])[] = [
  ["npm run bench", (args) => readArguments(["--only", "load", ...args]), "--rate"],
  ["npm run chaos", (args) => readChaosOptions(args, 1), "--seed"],
  ["npm start", (args) => readOptions(args, {}), "--edges"],
  [
    "npm run sim",
    (args) => {
      const request = parse(args);
      if (typeof request === "string") throw new TypeError(request);
      return request;
    },
    "--seeds",
  ],
];

describe.each(COMMANDS)("%s", (_name, read, flag) => {
  test("takes no flag twice: of two values only one could hold", () => {
    expect(() => read([flag, "5", flag, "6"])).toThrow(`${flag} is given twice`);
    expect(() => read([flag, "5", `${flag}=5`])).toThrow(`${flag} is given twice`);
    expect(() => read([flag, "5"])).not.toThrow();
  });

  test("says of a number below zero what it may be", () => {
    expect(() => read([flag, "-5"])).toThrow(`${flag} must be a whole number`);
  });
});

test("a flag that is none, or has no value, is named in one line", () => {
  const flags = { rate: { type: "string" }, quick: { type: "boolean" } } as const;
  expect(() => parseFlags(["--rat", "5"], flags)).toThrow(/^[^\n]*--rat'[^\n]*$/);
  expect(() => parseFlags(["--rate", "--quick"], flags)).toThrow(/^[^\n]*--rate[^\n]*$/);
  expect(() => parseFlags(["--quick", "-5"], flags)).toThrow(/--quick/);
  expect(parseFlags(["--quick", "--quick", "--rate", "-.5"], flags)).toEqual({ quick: true, rate: "-.5" });
});
