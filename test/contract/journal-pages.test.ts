// The journal over several databases, page by page: every operation once, and nothing silent passed over.

import { afterEach, beforeEach, expect, test } from "vitest";
import type { ShardDatabase } from "../../control-plane/control-plane.ts";
import { millis } from "../../shared/core/units.ts";
import { createJournalLedger, type JournalCursor } from "../../shared/mid-tier/journal-ledger.ts";
import { JOURNAL_OPERATIONS, journalOperationKey } from "../../shared/mid-tier/keys.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { type RestFixture, replyTo, startEmbeddedRest } from "../support/redis-server.ts";
import { startPlane } from "./control-harness.ts";

let rests: RestFixture[];
let databases: Map<string, { readonly redis: Redis }>;

beforeEach(async () => {
  rests = [await startEmbeddedRest(), await startEmbeddedRest()];
  databases = new Map(rests.map((rest, at) => [`db-${at}`, { redis: rest.redis }]));
});
afterEach(async () => {
  for (const rest of rests) await rest.stop();
});

/** `count` operations on the database, all accepted at the same instant or each a millisecond after the one before. */
async function filled(shard: string, count: number, apart: number): Promise<string[]> {
  const redis = databases.get(shard)?.redis;
  if (redis === undefined) throw new Error(`no ${shard}`);
  const ids = Array.from({ length: count }, (_, at) => `${shard.replace("-", "")}x${at}`);
  for (const [at, id] of ids.entries()) {
    const time = 1000 + at * apart;
    const fields = ["k", id, "s", "default", "me", "PUT", "u", `http://o.test/${id}`, "at", time];
    await replyTo(redis, "HSET", journalOperationKey(id), ...fields, "n", 1, "tries", 0);
    await replyTo(redis, "RPUSH", `tg:jk:${id}`, id);
    await replyTo(redis, "ZADD", JOURNAL_OPERATIONS, time, id);
  }
  return ids;
}

/** Ids as they are listed, or null where the pages don't come to an end. */
async function listed(most: number): Promise<string[] | null> {
  const ledger = createJournalLedger({ databases, deadline: millis(1000), dueFor: millis(0) });
  const ids: string[] = [];
  let after: JournalCursor | null = null;
  for (let pages = 0; pages < 20; pages++) {
    const page = await ledger.list({ only: "all", after, most });
    if (page.kind === "unavailable") throw new Error(page.reason);
    ids.push(...page.operations.map(({ id }) => id));
    after = page.next;
    if (after === null) return ids;
  }
  return null;
}

test.each([0, 1])("each is listed once, however pages and databases end (%i ms apart)", async (apart) => {
  const all = [...(await filled("db-0", 4, apart)), ...(await filled("db-1", 3, apart))];
  for (const most of [1, 2, 3, 4, 5, 7, 8]) expect(await listed(most), `${most} a page`).toEqual(all);
});

test("a database that does not answer is named on every page, also on one that is full without it", async () => {
  const [first] = await filled("db-0", 3, 1);
  const redis = databases.get("db-0")?.redis;
  if (redis === undefined) throw new Error("no db-0");
  const { plane, call } = await startPlane(redis);
  const away: Redis = { run: async () => ({ kind: "unavailable", reason: "away" }) };
  (plane.databases as Map<string, ShardDatabase>).set("other", { redis: away, weight: 1 });
  const { json } = await call("/journal?limit=1");
  expect(json).toMatchObject({ items: [{ id: first }], silent: ["other"] });
  expect(Object.keys(json.shards)).toEqual(["control"]);
  expect((await call("/journal")).json.silent).toEqual(["other"]);
});
