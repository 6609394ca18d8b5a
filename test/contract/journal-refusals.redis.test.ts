// What the origin refuses is kept as an operation and withdrawn as a value, against a real redis-server and the embedded store.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bytes, millis } from "../../shared/core/units.ts";
import type { JournalChange } from "../../shared/mid-tier/journal-change.ts";
import {
  createJournalLedger,
  type JournalFigures,
  type JournalLedger,
  type JournalOperation,
} from "../../shared/mid-tier/journal-ledger.ts";
import type { Claimed, Delivery, JournalWrite } from "../../shared/ports/journal.ts";
import { JOURNAL_KEY as KEY, OneJournal } from "../support/one-journal.ts";
import { BACKENDS, type RestFixture } from "../support/redis-server.ts";

const TOLD = { epoch: 1, seq: 1 };
const REFUSED: Delivery = { kind: "refused", why: "status 403" };

let rest: RestFixture;
let journal: OneJournal;
let ledger: JournalLedger;

describe.each(BACKENDS)("%s", (_name, start) => {
  beforeEach(async () => {
    rest = await start();
    const { redis } = rest;
    journal = new OneJournal(redis, { valueOctets: bytes(100_000) });
    ledger = createJournalLedger({
      databases: new Map([["one", { redis }]]),
      ...{ deadline: millis(5000), dueFor: millis(0) },
    });
  });

  afterEach(() => rest.stop());

  const write = (id: string, more: Partial<JournalWrite> = {}) =>
    journal.write(id, {
      ...{ valueHeaders: [["content-type", "text/html"]] },
      ...{ body: new TextEncoder().encode(`of ${id}`) as Uint8Array<ArrayBuffer>, ...more },
    });

  /** The content that is read; what else the journal says where there is none. */
  async function held(): Promise<string> {
    const read = await journal.journal.read(KEY, "use");
    if (read.kind !== "value") return read.kind;
    return read.value.exists ? new TextDecoder().decode(read.value.body) : "deleted";
  }

  const claimed = (): Promise<Claimed> => journal.claimed();
  const said = (operation: Claimed, delivery: Delivery) => journal.said(operation, delivery);

  async function refused(id: string): Promise<Claimed> {
    const operation = await claimed();
    expect(operation.id).toBe(id);
    await said(operation, REFUSED);
    return operation;
  }

  async function found(id: string): Promise<JournalOperation> {
    const outcome = await ledger.find(id);
    if (outcome.kind !== "found") throw new Error(`${id} is ${outcome.kind}`);
    return outcome.operation;
  }

  const change = async (id: string, to: "retry" | "drop"): Promise<JournalChange["kind"]> =>
    (await ledger.change(await found(id), to)).kind;

  async function figures(): Promise<JournalFigures> {
    const all = (await ledger.figures()).get("one");
    if (all === undefined || "kind" in all) throw new Error("no figures");
    expect(all.delivered + all.pending + all.deadLettered + all.dropped).toBe(all.accepted);
    return all;
  }

  test.each(["put", "delete"] as const)(
    "the value of a refused %s is gone, and the operation waits for somebody to decide",
    async (kind) => {
      await write("x", { kind });
      expect(await held()).toBe(kind === "put" ? "of x" : "deleted");
      const before = await figures();
      await refused("x");
      expect(await held()).toBe("absent");
      expect(await found("x")).toMatchObject({ state: "dead-lettered", why: "status 403" });
      expect(await journal.journal.yields(KEY, "keep")).toBe("waits");
      const after = await figures();
      expect(after).toMatchObject({ accepted: 1, pending: 0, deadLettered: 1, values: 0, operations: 1 });
      // What the operation itself takes is charged on.
      expect([after.octets > 0, after.octets < before.octets]).toEqual([true, true]);
    },
  );

  test("what the origin has is not dropped while the log is being told, and once it is parked it is", async () => {
    await write("x");
    await write("y");
    await said(await claimed(), { kind: "done", after: millis(0), why: "the log could not be told" });
    expect(await change("x", "drop")).toBe("busy");
    expect(await found("x")).toMatchObject({ state: "delivered" });
    await said(await claimed(), { kind: "dead", why: "its record is damaged" });
    expect(await figures()).toMatchObject({ pending: 1, deadLettered: 1 });
    expect(await change("x", "drop")).toBe("dropped");
    expect(await figures()).toMatchObject({ pending: 1, deadLettered: 0, dropped: 1 });
    expect((await claimed()).id).toBe("y");
  });

  test("what is decided counts when replicas have it, and is done where too few do", async () => {
    const { redis } = rest;
    const within = { deadline: millis(5000), replicationDeadline: millis(1) };
    const waiting = createJournalLedger({
      databases: new Map([["one", { redis }]]),
      ...{ ...within, dueFor: millis(0), replication: { ...within, replicas: 1 } },
    });
    await write("x");
    await write("y");
    for (const [id, to] of [
      ["x", "retry"],
      ["y", "retry"],
      ["x", "drop"],
    ] as const)
      expect(await waiting.change(await found(id), to)).toEqual({ kind: "unreplicated" });
    expect(await ledger.find("x")).toEqual({ kind: "absent" });
    expect(await waiting.change({ ...(await found("y")), id: "x" }, "drop")).toEqual({ kind: "absent" });
    expect(await figures()).toMatchObject({ pending: 1, dropped: 1 });
  });

  test("what is said twice, or too late, changes nothing", async () => {
    await write("x");
    const operation = await refused("x");
    await write("y");
    const before = await figures();
    for (const delivery of [REFUSED, { kind: "delivered", at: TOLD, alone: false } as const])
      await said(operation, delivery);
    expect(await held()).toBe("absent");
    expect(await figures()).toMatchObject({ ...before, oldest: expect.any(Number) });
  });

  test("a condition can't be compared with it any more, nor with what waits behind it", async () => {
    await write("x");
    await refused("x");
    expect(await write("y", { ifMatch: ['"x"'] })).toEqual({ kind: "unknown" });
    await write("y");
    expect(await write("z", { ifMatch: ['"y"'] })).toEqual({ kind: "unknown" });
    expect(await write("z", { ifNoneMatch: "any" })).toEqual({ kind: "unknown" });
  });

  test("a value that was written since stays, and is read when nothing refused is before it", async () => {
    await write("x");
    const operation = await claimed();
    await write("y");
    expect(await held()).toBe("of y");
    await said(operation, REFUSED);
    expect(await held()).toBe("absent");
    expect(await change("x", "retry")).toBe("retried");
    expect(await held()).toBe("absent");
    expect(await change("x", "drop")).toBe("dropped");
    expect(await held()).toBe("of y");
    expect((await claimed()).id).toBe("y");
  });

  test("it does not count again when what was written after it is dropped, tried again or not", async () => {
    await write("x");
    await refused("x");
    await write("y");
    expect(await change("y", "drop")).toBe("dropped");
    expect(await held()).toBe("absent");
    expect(await change("x", "retry")).toBe("retried");
    await write("z");
    expect(await change("z", "drop")).toBe("dropped");
    expect(await held()).toBe("absent");
    expect(await figures()).toMatchObject({ pending: 1, dropped: 2, values: 0 });
    expect((await claimed()).id).toBe("x");
  });

  test("what was written between the two does", async () => {
    await write("x");
    await refused("x");
    await write("y");
    await write("z", { kind: "delete" });
    expect(await change("z", "drop")).toBe("dropped");
    expect(await change("x", "retry")).toBe("retried");
    await said(await claimed(), { kind: "delivered", at: TOLD, alone: false });
    expect(await held()).toBe("of y");
  });

  test("taken when it is tried again, it leaves nothing behind", async () => {
    await write("x");
    await refused("x");
    expect(await change("x", "retry")).toBe("retried");
    expect(await held()).toBe("absent");
    await said(await claimed(), { kind: "delivered", at: TOLD, alone: true });
    expect(await held()).toBe("absent");
    expect(await journal.journal.yields(KEY, "keep")).toBe("yes");
    expect(await figures()).toMatchObject({ delivered: 1, values: 0, octets: 0, operations: 0 });
  });

  test("dropped, it leaves nothing behind either", async () => {
    await write("x");
    await refused("x");
    expect(await change("x", "drop")).toBe("dropped");
    expect(await held()).toBe("absent");
    expect(await journal.journal.yields(KEY, "keep")).toBe("yes");
    expect(await figures()).toMatchObject({ dropped: 1, values: 0, octets: 0, operations: 0 });
  });

  test("what was given up without being refused keeps its value", async () => {
    await write("x");
    await said(await claimed(), { kind: "dead", why: "status 503" });
    expect(await found("x")).toMatchObject({ state: "dead-lettered", why: "status 503" });
    expect(await held()).toBe("of x");
  });
});
