// The databases of a run, no other ones than a journal in them was written for: each URL's writes have their home by the list.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { JOURNAL_OPERATIONS } from "../shared/mid-tier/keys.ts";
import { type Around, type Databases, type LocalDatabase, startDatabases } from "./databases.ts";
import { type RedisChoice, UsageError } from "./options.ts";

/** A database answers a moment after its gateway listens. */
const ANSWERS_WITHIN_MS = 15_000;
const LOOK_MS = 5000;
const LOOK_EVERY_MS = 50;

/**
 * With another number of databases than the last run on the same data started, what waits in the journal would not be
 * found any more, and clients be shown what the origin had before: throws `UsageError` while anything does, and where
 * that can't be told. Of databases that were there before, the list is their owner's word.
 */
export async function startSameHomes(choice: RedisChoice, around: Around): Promise<Databases> {
  if (choice.kind === "upstash" || choice.kind === "urls") return startDatabases(choice, around);
  const { databases: wanted } = choice;
  const file = join(around.data, `databases-${choice.kind}`);
  const before = countIn(file) ?? wanted;
  const [first, ...others] = await startDatabases({ ...choice, databases: Math.max(before, wanted) }, around);
  if (before !== wanted) await requireEmpty([first, ...others], before);
  for (const { process } of others.splice(wanted - 1)) await process?.stop();
  writeFileSync(file, `${wanted}\n`);
  return [first, ...others];
}

function countIn(file: string): number | null {
  const count = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  return Number.isInteger(count) && count > 0 ? count : null;
}

async function requireEmpty(databases: readonly LocalDatabase[], before: number): Promise<void> {
  const each = await Promise.all(databases.map(operationsIn));
  const waiting = each.reduce((sum, one) => sum + one, 0);
  if (waiting === 0) return;
  const writes =
    waiting === 1
      ? "a write that the origin does not have"
      : `${waiting} writes that the origin does not have`;
  throw new UsageError(
    `--shards: the journal holds ${writes}, and would not find with another number of databases than ${before}; ` +
      "start with that, and deliver or drop them first (tidegate journal list)",
  );
}

async function operationsIn(database: LocalDatabase): Promise<number> {
  const giveUpAt = performance.now() + ANSWERS_WITHIN_MS;
  while (performance.now() < giveUpAt) {
    const count = await lookInto(database).catch(() => null);
    if (count !== null) return count;
    await pause(LOOK_EVERY_MS);
  }
  throw new UsageError(
    "--shards: another number of databases than before, and one does not tell what its journal holds",
  );
}

/** Null where it does not say. */
async function lookInto({ url, token }: LocalDatabase): Promise<number | null> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(["ZCARD", JOURNAL_OPERATIONS]),
    signal: AbortSignal.timeout(LOOK_MS),
  });
  const { result } = (await response.json()) as { result?: unknown };
  return typeof result === "number" ? result : null;
}
