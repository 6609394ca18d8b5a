// What is handed out of the journal past what is not to be, against a real redis-server and the embedded store.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { millis } from "../../shared/core/units.ts";
import type { Claimed, Delivery, Result } from "../../shared/ports/journal.ts";
import { OneJournal } from "../support/one-journal.ts";
import { BACKENDS, type RestFixture, until } from "../support/redis-server.ts";

const DELIVERED: Delivery = { kind: "delivered", at: { epoch: 1, seq: 1 }, alone: false };
const FAILED: Delivery = { kind: "retry", after: millis(1), why: "status 503" };

let rest: RestFixture;
let journal: OneJournal;

describe.each(BACKENDS)("%s", (_name, start) => {
  beforeEach(async () => {
    rest = await start();
    journal = puttingOff(20);
  });
  afterEach(() => rest.stop());

  const puttingOff = (span: number) => new OneJournal(rest.redis, { putOffFor: millis(span) });

  const write = (id: string, site: string) =>
    journal.write(id, {
      ...{ key: id.padStart(64, "0"), site, href: `http://${site}.test/${id}` },
      merges: true,
    });

  const claim = (
    except: readonly string[] = [],
    asked: { readonly most?: number; readonly results?: readonly Result[] } = {},
  ): Promise<readonly Claimed[]> => journal.claim({ ...asked, except });

  const idsOf = (operations: readonly Claimed[]): string[] => operations.map(({ id }) => id).sort();

  test("a lane is a site's, for what is sent first or again", async () => {
    await write("a1", "a");
    await write("b1", "b");
    const first = await claim();
    expect(first.map(({ lane }) => lane).sort()).toEqual(["new a", "new b"]);
    await claim([], { results: first.map((claimed) => ({ claimed, delivery: FAILED })), most: 0 });
    await write("a2", "a");
    const found: Claimed[] = [];
    await until("they are due", async () => found.push(...(await claim(["again a"]))) >= 2);
    expect(found.map(({ lane }) => lane).sort()).toEqual(["again b", "new a"]);
  });

  test("what is excepted is put off, however much of it is before the rest", async () => {
    journal = puttingOff(60_000);
    for (let at = 0; at < 40; at++) await write(`b${at}`, "b");
    await write("a1", "a");
    expect(idsOf(await claim(["b"], { most: 3 }))).toEqual(["a1"]);
    expect(await claim()).toEqual([]);
  });

  test("what is new in a full lane is left to whoever has room for it", async () => {
    journal = puttingOff(60_000);
    for (let at = 0; at < 40; at++) await write(`b${at}`, "b");
    await write("a1", "a");
    expect(idsOf(await claim(["new b"], { most: 3 }))).toEqual(["a1"]);
    expect(await claim([], { most: 50 })).toHaveLength(40);
  });

  test("what was put off has not been sent: it is merged with, and handed out a first time", async () => {
    await write("b1", "b");
    expect(await claim(["b"])).toEqual([]);
    await write("b1", "b");
    const found: Claimed[] = [];
    await until("it is due again", async () => found.push(...(await claim())) > 0);
    expect(found).toMatchObject([{ id: "b1", tries: 1, lane: "new b" }]);
    await claim([], { results: found.map((claimed) => ({ claimed, delivery: DELIVERED })) });
    expect(await journal.journal.yields(found[0]?.key ?? "", "keep")).toBe("yes");
  });

  test("a whole site may be excepted, but for what its origin has already", async () => {
    for (const id of ["a1", "a2"]) await write(id, "a");
    const both = await claim();
    const results = both.map((claimed, at) => {
      const delivery: Delivery = at === 0 ? { kind: "done", after: millis(1), why: "no log" } : FAILED;
      return { claimed, delivery };
    });
    await claim([], { results, most: 0 });
    const found: Claimed[] = [];
    await until("both are due", async () => found.push(...(await claim(["a"]))) > 0);
    expect(idsOf(found)).toEqual([both[0]?.id]);
  });
});
