// What waits in a journal whose database's clock is set back: due within a claim's time all the same, and to one flusher.

import { afterEach, beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { millis } from "../../shared/core/units.ts";
import {
  createJournalLedger,
  JOURNAL_DUE_WITHIN,
  type JournalLedger,
} from "../../shared/mid-tier/journal-ledger.ts";
import { OneJournal } from "../support/one-journal.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";

const FIVE_MINUTES = 300_000;

let wall: number;
let rest: RestFixture;
let journal: OneJournal;
let ledger: JournalLedger;

beforeEach(async () => {
  wall = 1_800_000_000_000;
  rest = await startEmbeddedRest(() => wall);
  journal = new OneJournal(rest.redis);
  const databases = new Map([["one", { redis: rest.redis }]]);
  ledger = createJournalLedger({ databases, deadline: millis(5000), dueFor: millis(0) });
});
afterEach(() => rest.stop());

/** Partitions for which the beat would send somebody. */
async function due(): Promise<number> {
  const tended = (await ledger.tend()).get("one");
  if (tended === undefined || "kind" in tended) throw new Error("not tended");
  return tended.due.length;
}

test("no claim and no pause is longer than what is due is looked for within", () => {
  expect(Math.max(LIMITS.journalClaim, LIMITS.journalRetryMost)).toBe(JOURNAL_DUE_WITHIN);
});

test("what is tried again waits no longer for a clock that was set back by five minutes", async () => {
  await journal.write("x");
  await journal.said(await journal.claimed(), { kind: "retry", after: millis(8000), why: "status 503" });
  expect(await due()).toBe(0);
  wall -= FIVE_MINUTES;
  expect(await due()).toBe(0);
  wall += JOURNAL_DUE_WITHIN;
  expect(await due()).toBe(1);
  expect(await journal.claim()).toMatchObject([{ id: "x", tries: 2 }]);
});

test("nor does what somebody claimed who died, and nobody else has it while he may live", async () => {
  await journal.write("x");
  await journal.claimed();
  wall -= FIVE_MINUTES;
  expect(await due()).toBe(0);
  wall += JOURNAL_DUE_WITHIN - 1;
  expect(await due()).toBe(0);
  expect(await journal.claim()).toEqual([]);
  wall += 1;
  expect(await due()).toBe(1);
  expect(await journal.claim()).toMatchObject([{ id: "x", tries: 2 }]);
});

test("where the clock goes right, what is put off stays put off for as long as it was", async () => {
  await journal.write("x");
  await journal.said(await journal.claimed(), {
    kind: "retry",
    after: LIMITS.journalRetryMost,
    why: "status 503",
  });
  wall += LIMITS.journalRetryMost - 1;
  expect(await due()).toBe(0);
  wall += 1;
  expect(await due()).toBe(1);
});
