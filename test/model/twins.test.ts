// The lines of the model that stand for Lua scripts say what the scripts say, whatever is done in a few steps.

import { expect, test } from "vitest";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { Database } from "../interleavings/database.ts";
import { LogTwins } from "./log-twin.ts";
import type { LogScope } from "./scope.ts";
import { ShardTwins } from "./shard-twin.ts";

const AMPLE: LogScope = { page: 9, entriesKept: 9, selectorsKept: 9 };
const SCANT: LogScope = { page: 1, entriesKept: 1, selectorsKept: 1 };

/** Each way of telling and each room; the other two pairs are `npm run verify`'s. */
const LOGS: readonly (readonly ["at once" | "once confirmed", LogScope])[] = [
  ["at once", AMPLE],
  ["once confirmed", SCANT],
  ...(process.env.TIDEGATE_LONG === "1"
    ? ([
        ["at once", SCANT],
        ["once confirmed", AMPLE],
      ] as const)
    : []),
];

test.each(LOGS)("the log, which tells %s, with room as in %o", { timeout: 60_000 }, async (told, scope) => {
  Object.assign(LOG_LIMITS, scope);
  const twins = new LogTwins(await Database.create(), { scope, told });
  await twins.compareAll(4);
  expect(twins.compared).toBeGreaterThan(1000);
});

test("answers and leases", { timeout: 60_000 }, async () => {
  const twins = new ShardTwins(await Database.create());
  await twins.compareAll(5);
  expect(twins.compared).toBeGreaterThan(1000);
});
