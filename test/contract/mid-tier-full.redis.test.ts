// A database that is full and may evict nothing: what it holds is served, and what makes room is done.

import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import { createJournalLedger } from "../../shared/mid-tier/journal-ledger.ts";
import { JOURNAL_OPERATIONS } from "../../shared/mid-tier/keys.ts";
import { OneJournal } from "../support/one-journal.ts";
import { startServerRest } from "../support/redis-server.ts";
import { budgetOf, TestShard } from "./l2-harness.ts";

/** The gateway hands on no settings. */
function told(port: number, command: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(`${command}\r\n`));
  socket.on("error", reject);
  socket.on("data", (reply) => {
    socket.destroy();
    if (reply.toString() === "+OK\r\n") resolve();
    else reject(new Error(reply.toString()));
  });
  return promise;
}

let rest: Awaited<ReturnType<typeof startServerRest>>;
let shard: TestShard;

beforeAll(async () => {
  rest = await startServerRest();
  shard = new TestShard(rest);
});
afterAll(() => rest?.stop());

test("an answer is read, be it for the first time since the hand went by", async () => {
  const budget = budgetOf(1 << 20);
  for (const key of ["k00", "k01"]) await shard.fill(key, { budget });
  await told(rest.port, "CONFIG SET maxmemory 1");
  expect(await shard.run("SET", "more", "x").catch(String)).toMatch(/OOM/);
  for (let times = 0; times < 2; times++)
    expect(await shard.read("k00"), `${times}`).toMatchObject({ kind: "hit" });
  await shard.tend();
  expect(await shard.holds(["k00", "k01"])).toEqual(["k00", "k01"]);
  await shard.run("DEL", "tg:a:k01");
  const before = (await shard.account()).bytes;
  await shard.tend();
  expect((await shard.account()).bytes).toBeLessThan(before);
});

test("what waits in the journal is delivered, which makes room", async () => {
  const journal = new OneJournal(rest.redis);
  await told(rest.port, "CONFIG SET maxmemory 0");
  const accepted = await journal.write("one");
  expect(accepted.kind).toBe("accepted");
  await told(rest.port, "CONFIG SET maxmemory 1");
  await journal.said(await journal.claimed(), {
    ...{ kind: "delivered", at: { epoch: 1, seq: 1 }, alone: false },
  });
  expect(await shard.run("ZCARD", JOURNAL_OPERATIONS)).toBe(0);
});

test("what is due in the journal is told of, however far it has come since it was last marked", async () => {
  const journal = new OneJournal(rest.redis);
  await told(rest.port, "CONFIG SET maxmemory 0");
  expect((await journal.write("two")).kind).toBe("accepted");
  await told(rest.port, "CONFIG SET maxmemory 1");
  const ledger = createJournalLedger({
    ...{ databases: new Map([["one", { redis: rest.redis }]]), deadline: millis(1000), dueFor: millis(0) },
  });
  const tended = await ledger.tend({ marked: new Map(), name: "a name" });
  expect(tended.get("one")).toMatchObject({
    due: [expect.any(Number)],
    mark: { name: "a name", accepted: 2 },
  });
});
