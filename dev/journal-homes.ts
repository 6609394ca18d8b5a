// The databases of a run, no other ones than a journal in them was written for: each URL's writes have their home by the list.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JOURNAL_OPERATIONS } from "../shared/mid-tier/keys.ts";
import { type LocalDatabase, startDatabases } from "./databases.ts";
import { type RedisChoice, UsageError } from "./options.ts";

type Databases = Awaited<ReturnType<typeof startDatabases>>;
type Around = Parameters<typeof startDatabases>[1];

const FILE = "databases";
const LOOK_MS = 5000;

/**
 * With another number of them than the last run on the same data had, what waits in the journal would not be found any
 * more, and clients be shown what the origin had before: throws `UsageError` while anything does.
 */
export async function startSameHomes(choice: RedisChoice, around: Around): Promise<Databases> {
  if (choice.kind === "upstash") return startDatabases(choice, around);
  const wanted = choice.kind === "urls" ? choice.urls.length : choice.databases;
  const before = countIn(around.data) ?? wanted;
  if (before === wanted || choice.kind === "urls") {
    const all = await startDatabases(choice, around);
    if (before !== wanted) await requireEmpty(all, { before, flag: "--redis" });
    writeCount(around.data, wanted);
    return all;
  }
  const [first, ...others] = await startDatabases({ ...choice, databases: Math.max(before, wanted) }, around);
  await requireEmpty([first, ...others], { before, flag: "--shards" });
  for (const { process } of others.splice(wanted - 1)) await process?.stop();
  writeCount(around.data, wanted);
  return [first, ...others];
}

function countIn(data: string): number | null {
  const file = join(data, FILE);
  const count = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  return Number.isInteger(count) && count > 0 ? count : null;
}

const writeCount = (data: string, count: number): void => writeFileSync(join(data, FILE), `${count}\n`);

async function requireEmpty(
  databases: readonly LocalDatabase[],
  { before, flag }: { readonly before: number; readonly flag: string },
): Promise<void> {
  const waiting = (await Promise.all(databases.map(operationsIn))).reduce((sum, one) => sum + one, 0);
  if (waiting === 0) return;
  const writes =
    waiting === 1
      ? "a write that the origin does not have"
      : `${waiting} writes that the origin does not have`;
  throw new UsageError(
    `${flag}: the journal holds ${writes}, and would not find with another number of databases than ${before}; ` +
      "start with that, and deliver or drop them first (tidegate journal list)",
  );
}

async function operationsIn({ url, token }: LocalDatabase): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(["ZCARD", JOURNAL_OPERATIONS]),
    signal: AbortSignal.timeout(LOOK_MS),
  }).catch(() => null);
  // One that can't be reached now is waited for by everybody, and answers with what it has.
  const { result } = response?.ok ? ((await response.json()) as { result?: unknown }) : {};
  return typeof result === "number" ? result : 0;
}
