// What the command line says of ids and flags that can't be: by their own names, and before anything is sent.

import { describe, expect, test } from "vitest";
import { runCli } from "../support/command-line.ts";
import { problem, scriptedControl } from "../support/scripted-control.ts";

describe("a name that would make the path another's is refused before anything is sent", () => {
  test.each([
    [["policies", "get", ".."], 'ID can\'t be ".."'],
    [["policies", "delete", ".", "--yes"], 'ID can\'t be "."'],
    [["receipts", ""], 'ID can\'t be ""'],
    [["journal", "show", ""], 'ID can\'t be ""'],
    [["journal", "drop", "a", "..", "--yes"], 'ID can\'t be ".."'],
    [["sites", "delete", "..", "--yes"], 'NAME can\'t be ".."'],
    [["warm", "--job", ""], '--job can\'t be ""'],
    [["warm", "--job", "..", "--watch"], '--job can\'t be ".."'],
    [["warm", "--cancel", "."], '--cancel can\'t be "."'],
  ])("%j", async (args, said) => {
    const control = scriptedControl([{ status: 200, json: { items: [], nextCursor: null } }]);
    const { exit, stderr } = await runCli(args, control);
    expect([exit, stderr, control.sent]).toEqual([2, `tidegate: ${said}\n`, []]);
  });
});

describe("a fault is told of the flag that it came from", () => {
  test.each([
    [["receipts", "--limit", "1000"], problem(400, "invalid-query"), "/limit", "--limit"],
    [["warm", "--hot", "5", "--class", "nope"], problem(422, "invalid-body"), "/hot/class", "--class"],
    [["warm", "--hot", "5"], problem(422, "invalid-body"), "/hot", "--hot"],
  ])("%j", async (args, refusal, pointer, flag) => {
    const errors = [{ pointer, message: "is wrong" }];
    const control = scriptedControl([{ ...refusal, json: { ...refusal.json, errors } }]);
    const { exit, stderr } = await runCli(args, control);
    expect([exit, stderr]).toEqual([2, `tidegate: The control plane refuses it:\n  ${flag}: is wrong\n`]);
  });
});
