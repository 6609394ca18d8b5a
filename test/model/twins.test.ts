// The lines of the model that stand for Lua scripts say what the scripts say, whatever is done in a few steps.

import { describe, expect, test } from "vitest";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { Database } from "../interleavings/database.ts";
import { LogTwins } from "./log-twin.ts";
import type { LogScope } from "./scope.ts";
import { ShardTwins } from "./shard-twin.ts";

const SCOPES: readonly LogScope[] = [
  { page: 9, entriesKept: 9, selectorsKept: 9 },
  { page: 1, entriesKept: 1, selectorsKept: 1 },
];

describe.each(["at once", "once confirmed"] as const)("the log, which tells %s", (told) => {
  test.each(SCOPES)("with room as in %o", { timeout: 60_000 }, async (scope) => {
    Object.assign(LOG_LIMITS, scope);
    const twins = new LogTwins(await Database.create(), { scope, told });
    await twins.compareAll(4);
    expect(twins.compared).toBeGreaterThan(1000);
  });
});

test("answers and leases", { timeout: 60_000 }, async () => {
  const twins = new ShardTwins(await Database.create());
  await twins.compareAll(5);
  expect(twins.compared).toBeGreaterThan(1000);
});
