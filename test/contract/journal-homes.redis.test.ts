// Another number of databases than before is refused while their journal holds what the origin does not have.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startSameHomes } from "../../dev/journal-homes.ts";
import { UsageError } from "../../dev/options.ts";
import { JOURNAL_OPERATIONS } from "../../shared/mid-tier/keys.ts";
import { until } from "../support/http.ts";
import { ask } from "../support/redis-server.ts";

let data: string;
let stops: (() => Promise<void>)[];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  stops = [];
});

const stopAll = async (): Promise<void> => {
  for (const stop of stops.splice(0).reverse()) await stop();
};

afterEach(async () => {
  await stopAll();
  rmSync(data, { recursive: true, force: true });
});

const start = (databases: number) => startSameHomes({ kind: "server", databases }, { data, stops });

/** A command to the last of so many databases, which then end. */
async function last(databases: number, ...command: string[]): Promise<void> {
  const { url = "", token = "" } = (await start(databases)).at(-1) ?? {};
  // It answers a moment after its gateway listens.
  await until(
    () => ask({ url, token }, "/", command),
    ({ status }) => status === 200,
    { withinMs: 10_000 },
  );
  await stopAll();
}

test.each([
  [1, 2],
  [2, 1],
])("from %i to %i", async (before, after) => {
  await last(before, "ZADD", JOURNAL_OPERATIONS, "1", "waiting");
  const refused = start(after);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(`--shards: the journal holds a write that the origin does not have`);
  await stopAll();
  // What was refused has changed nothing.
  await last(before, "DEL", JOURNAL_OPERATIONS);
  expect(await start(after)).toHaveLength(after);
  await stopAll();
  expect(await start(after)).toHaveLength(after);
});
