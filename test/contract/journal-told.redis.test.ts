// What a delivery is to know of the log goes out with it, against a real redis-server and the embedded store: where it was
// told of the key's last one, and up to where it was known before the first try.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Position } from "../../shared/core/position.ts";
import { millis } from "../../shared/core/units.ts";
import { journalValueKey } from "../../shared/mid-tier/keys.ts";
import type { Claimed, Delivery, JournalWrite } from "../../shared/ports/journal.ts";
import { JOURNAL_KEY as KEY, OneJournal } from "../support/one-journal.ts";
import { BACKENDS, type RestFixture } from "../support/redis-server.ts";

const AT: Position = { epoch: 1_800_000_000_000, seq: 7 };
const ALONE: Delivery = { kind: "delivered", at: AT, alone: true };
const HIT: Delivery = { ...ALONE, alone: false };

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let journal: OneJournal;
  beforeEach(async () => {
    rest = await start();
    journal = new OneJournal(rest.redis);
  });
  afterEach(() => rest.stop());

  const write = (id: string, more?: Partial<JournalWrite>) => journal.write(id, more);
  /** The one operation that is due, to somebody who knows the log as far as that. */
  const claimed = (asOf: Position | null = null): Promise<Claimed> => journal.claimed({ asOf });
  const said = (operation: Claimed, delivery: Delivery) => journal.said(operation, delivery);

  /** How long a name is still there, in ms. */
  async function left(name: string): Promise<number> {
    const outcome = await rest.redis.run([["PTTL", name]], millis(2000));
    const [reply] = outcome.kind === "replies" ? outcome.replies : [];
    if (reply === undefined || !("reply" in reply)) throw new Error("no reply");
    return Number(reply.reply);
  }

  test("of a key's first write nothing is known", async () => {
    await write("x");
    expect((await claimed()).toldBefore).toBeNull();
  });

  test.each([
    ["its value is kept", ALONE, {}],
    ["something else has hit it", HIT, {}],
    ["it took the value out", ALONE, { kind: "delete" }],
  ] as const)("it is known where %s", async (_, delivery, more) => {
    await write("x", more);
    await said(await claimed(), delivery);
    await write("y");
    expect((await claimed()).toldBefore).toEqual(AT);
  });

  test("it is known where the next one was written before the delivery, or took the place of one that was", async () => {
    await write("x");
    const first = await claimed();
    await write("y");
    await said(first, HIT);
    await write("z", { merges: true });
    expect(await claimed()).toMatchObject({ id: "y", request: "z", toldBefore: AT });
  });

  test("it is known of a write that is tried again", async () => {
    await write("x");
    await said(await claimed(), ALONE);
    await write("y");
    await said(await claimed(), { kind: "retry", after: millis(0), why: "status 503" });
    expect(await claimed()).toMatchObject({ tries: 2, toldBefore: AT });
  });

  describe("up to where the log was known before the first try", () => {
    const LATER: Position = { ...AT, seq: 9 };
    const retry: Delivery = { kind: "retry", after: millis(0), why: "status 503" };
    const held: Delivery = { ...retry, kind: "held" };
    const known = async (asOf: Position | null) => (await claimed(asOf)).firstAskedAsOf;

    test("is known of all that come after", async () => {
      await write("x");
      const first = await claimed(AT);
      expect(first.firstAskedAsOf).toEqual(AT);
      await said(first, retry);
      const second = await claimed(LATER);
      expect(second).toMatchObject({ tries: 2, firstAskedAsOf: AT });
      // One that did not ask is not the one that may have been taken.
      await said(second, held);
      expect(await known(LATER)).toEqual(AT);
    });

    test("is known also where nobody has said what became of it", async () => {
      await write("x");
      await new OneJournal(rest.redis, { claimedFor: millis(0) }).claimed({ asOf: AT });
      expect(await known(LATER)).toEqual(AT);
    });

    test("is not known where the first one did not know it", async () => {
      await write("x");
      await said(await claimed(null), retry);
      expect(await known(LATER)).toBeNull();
    });

    test("is not known where a release that does not say so may have asked between", async () => {
      await write("x");
      await said(await claimed(AT), held);
      // By its script, which leaves alone what it does not know.
      const tried = await claimed(AT);
      await rest.redis.run([["HSET", "tg:jo:x", "se", "not asked", "ss", "1"]], millis(2000));
      await said(tried, retry);
      expect(await known(LATER)).toBeNull();
    });

    test("is that of the first one that asked", async () => {
      await write("x");
      await said(await claimed(null), held);
      await said(await claimed(AT), held);
      await said(await claimed(LATER), retry);
      expect(await known({ ...AT, seq: 11 })).toEqual(LATER);
    });
  });

  test("where no value is kept it is none, and gone after half a minute", async () => {
    await write("x");
    await said(await claimed(), HIT);
    expect(await journal.journal.read(KEY, "use")).toEqual({ kind: "absent" });
    expect(await write("y", { ifMatch: "any" })).toEqual({ kind: "unknown" });
    const kept = await left(journalValueKey(KEY));
    expect([kept > 0, kept <= 30_000]).toEqual([true, true]);
  });
});
