// The audit log in Redis: one chain for everything, and whoever changes it behind its back is found out.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyAudit } from "../../control-plane/audit-log/verify.ts";
import { AuditWatch } from "../../control-plane/audit-log/watch.ts";
import type { AuditWitness } from "../../control-plane/audit-log/witness.ts";
import type { Selector } from "../../shared/core/units.ts";
import { bytes, days, kibibytes, millis } from "../../shared/core/units.ts";
import { type AuditLogLimits, createAuditLog } from "../../shared/mid-tier/audit-log.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMetrics } from "../../shared/mid-tier/metrics.ts";
import type { AuditEntry, AuditLog, AuditRecord } from "../../shared/ports/audit-log.ts";
import type { AppendQuery } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisReply } from "../../shared/ports/redis.ts";
import { memoryAuditWitness } from "../support/memory-audit-witness.ts";
import { type RestFixture, replyTo, startEmbeddedRest, startServerRest } from "../support/redis-server.ts";
import { handClock } from "./token-harness.ts";

const LIMITS: AuditLogLimits = { ...LOG_LIMITS, pageBytes: kibibytes(512) };
const [RECORDS, HEAD] = ["tg:audit:records", "tg:audit:head"];

const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ actor: "ci", token: "0123456789abcdef", from: "192.0.2.1", action: "deployment", site: null },
  ...{ detail: { version: "1" }, result: "done", requestId: "r" },
  ...more,
});

describe.each([
  ["redis-server", startServerRest],
  ["the embedded store", startEmbeddedRest],
] as const)("on %s", (_, startRest) => {
  let rest: RestFixture;
  let redis: Redis;
  let log: AuditLog;
  let witness: AuditWitness;
  let count = 0;

  beforeAll(async () => {
    rest = await startRest();
    redis = rest.redis;
  });
  afterAll(() => rest.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
    log = createAuditLog(redis, 0, LIMITS);
    witness = memoryAuditWitness();
  });

  const run = (...command: (string | number)[]): Promise<RedisReply> => replyTo(redis, ...command);
  const own = () => {
    count += 1;
    return { id: `operation-${count}`, requestDigest: "d" };
  };
  const write = async (times: number, to: AuditLog = log): Promise<void> => {
    for (let i = 0; i < times; i++) expect((await to.append(entry(), own())).kind).toBe("appended");
  };
  const records = async (to: AuditLog = log): Promise<readonly AuditRecord[]> => {
    const page = await to.page(null, 1000);
    if (page.kind !== "page") throw new Error(page.reason);
    return page.records;
  };
  const verify = async () => {
    const verdict = await verifyAudit({ auditLog: log, auditWitness: witness });
    if (verdict.kind !== "verdict") throw new Error(verdict.reason);
    return verdict;
  };
  const ofRecord = async (seq: number): Promise<string> => String(await run("HGET", RECORDS, seq));
  const put = (seq: number | string, text: string) => run("HSET", RECORDS, seq, text);
  /** As the beat's owner does every ten seconds. */
  const looks = (watch = new AuditWatch()) =>
    watch.look({
      ...{ auditLog: log, auditWitness: witness, clock: handClock().clock },
      random: { token: () => own().id, unit: () => 0 },
      metrics: createMetrics(redis, millis(2000)),
    });

  test("what is recorded is read back, newest first, page by page", async () => {
    const first = await log.append(entry({ detail: { n: 1, list: ["a", "b"], none: null } }), own());
    await log.append(
      entry({ actor: 'böse "\n\u2028 🙂', site: "shop", requestId: null, token: null }),
      own(),
    );
    expect(first).toMatchObject({ kind: "appended", seq: 1, repeated: false });
    const all = await records();
    expect(all.map(({ seq }) => seq)).toEqual([2, 1]);
    expect(all[0]).toMatchObject({ actor: 'böse "\n\u2028 🙂', site: "shop", token: null, position: null });
    expect(all[1]).toMatchObject({ ...entry(), detail: { n: 1, list: ["a", "b"], none: null }, seq: 1 });
    expect(Math.abs((all[1]?.at ?? 0) - Date.now())).toBeLessThan(60_000);
    await write(3);
    const page = await log.page(null, 2);
    expect(page).toMatchObject({ next: 4, records: [{ seq: 5 }, { seq: 4 }] });
    expect(await log.page(4, 10)).toMatchObject({
      next: null,
      records: [{ seq: 3 }, { seq: 2 }, { seq: 1 }],
    });
  });

  test("an operation is recorded once; another request by its name is a conflict", async () => {
    const operation = { id: "once", requestDigest: "d" };
    const first = await log.append(entry(), operation);
    expect(await log.append(entry(), operation)).toEqual({ ...first, repeated: true });
    expect(await log.append(entry(), { ...operation, requestDigest: "e" })).toEqual({ kind: "conflict" });
    expect(await records()).toHaveLength(1);
  });

  test("an entry of the log has its record in the same chain, once however often it is sent", async () => {
    const events = createLog(redis, LOG_LIMITS);
    const query: AppendQuery = {
      ...{
        operationId: "x",
        requestDigest: "x",
        actor: "ci",
        action: "invalidate",
        detail: "{}",
        replicas: 0,
      },
      payload: {
        kind: "invalidate",
        mode: "soft",
        selectors: ["shop t a", "shop u a.test/x?token=s3cret&p=1"] as Selector[],
      },
      facts: { reason: "because" },
      asked: { token: "t1", from: "192.0.2.1", requestId: "r1" },
    };
    await write(1);
    const appended = await events.append(query);
    await events.append(query);
    await write(1);
    const [last, record, first] = await records();
    expect([last?.seq, record?.seq, first?.seq]).toEqual([3, 2, 1]);
    if (appended.kind !== "appended") throw new Error(appended.kind);
    const { epoch, seq } = appended.position;
    expect(record).toMatchObject({
      ...{ actor: "ci", token: "t1", from: "192.0.2.1", action: "invalidate", site: "shop", requestId: "r1" },
      ...{ result: "accepted", position: `${epoch}-${seq}`, at: appended.at },
      detail: {
        id: "x",
        mode: "soft",
        selectors: 2,
        named: ["tag a", "url a.test/x?token=***&p=1"],
        reason: "because",
      },
    });
    expect(await verify()).toMatchObject({ holds: true, records: 3 });
    // What the log refuses leaves no record.
    await events.append({ ...query, requestDigest: "y" });
    expect(await records()).toHaveLength(3);
  });

  test("nothing secret is kept of what texts say", async () => {
    const token = `tgt_${"a".repeat(16)}_${"b".repeat(64)}`;
    const texts = [
      `see https://joe:pw@a.test/x?sig=s1g&page=2#access_token=zzz`,
      `PUT /a?filter[Api_Key]=k1;t%6Fken=k2`,
    ];
    await log.append(entry({ detail: { note: texts.join(" "), list: [token, "code=k3"] } }), own());
    const kept = await ofRecord(1);
    for (const secret of ["pw@", "s1g", "zzz", "k1", "k2", "k3", "b".repeat(64)])
      expect(kept).not.toContain(secret);
    expect(kept).toContain("https://***@a.test/x?sig=***&page=2");
  });

  describe("what is changed behind its back is found, and named", () => {
    beforeEach(() => write(9));

    test("nothing", async () => {
      expect(await verify()).toMatchObject({ holds: true, from: 1, to: 9, records: 9, firstBad: null });
    });

    test("a text", async () => {
      await put(4, (await ofRecord(4)).replace('"ci"', '"me"'));
      expect(await verify()).toMatchObject({ holds: false, firstBad: { seq: 4, reason: "changed" } });
    });

    test("a time", async () => {
      const [seq, previous, hash, at, ...rest] = (await ofRecord(4)).split(" ");
      await put(4, [seq, previous, hash, Number(at) - 1, ...rest].join(" "));
      expect((await verify()).firstBad).toEqual({ seq: 4, reason: "changed" });
    });

    test("a text with a hash to fit it", async () => {
      const [seq, previous, , ...rest] = (await ofRecord(4)).split(" ");
      const said = rest.join(" ").replace('"ci"', '"me"');
      const script = "return redis.sha1hex(ARGV[1])";
      const hash = await run("EVAL", script, 0, `${previous} ${seq} ${said}`);
      await put(4, [seq, previous, hash, said].join(" "));
      expect((await verify()).firstBad).toEqual({ seq: 5, reason: "unlinked" });
    });

    test.each([
      ["the oldest", 1],
      ["one in the middle", 5],
      ["the newest", 9],
    ])("%s taken out", async (_, seq) => {
      await run("HDEL", RECORDS, seq);
      expect((await verify()).firstBad).toEqual({ seq, reason: "missing" });
    });

    test("two that have changed places", async () => {
      const [three, four] = [await ofRecord(3), await ofRecord(4)];
      await put(3, four);
      await put(4, three);
      expect((await verify()).firstBad).toEqual({ seq: 3, reason: "moved" });
    });

    test("two that have changed places, with each other's numbers", async () => {
      const [three, four] = [await ofRecord(3), await ofRecord(4)];
      await put(3, four.replace(/^4/, "3"));
      await put(4, three.replace(/^3/, "4"));
      expect((await verify()).firstBad).toEqual({ seq: 3, reason: "changed" });
    });

    test("one put in between, the others moved up", async () => {
      for (let seq = 9; seq >= 5; seq--)
        await put(seq + 1, (await ofRecord(seq)).replace(/^\d+/, String(seq + 1)));
      await run("HSET", HEAD, "seq", 10);
      expect((await verify()).firstBad).toEqual({ seq: 6, reason: "changed" });
    });

    test("one put behind the newest", async () => {
      await put(10, (await ofRecord(9)).replace(/^9/, "10"));
      expect((await verify()).firstBad).toEqual({ seq: 10, reason: "inserted" });
    });

    test("what is no record", async () => {
      await put(2, "graffiti");
      expect((await verify()).firstBad).toEqual({ seq: 2, reason: "unreadable" });
    });

    test("the head's hash, and the head", async () => {
      await run("HSET", HEAD, "hash", "0".repeat(40));
      expect((await verify()).firstBad).toEqual({ seq: 9, reason: "head" });
      await run("DEL", HEAD);
      expect((await verify()).firstBad).toEqual({ seq: 1, reason: "headless" });
      // What comes next is recorded all the same, and hides nothing.
      await write(1);
      expect((await verify()).holds).toBe(false);
    });

    test("the newest with the head set back: by the witness", async () => {
      expect(await looks()).toBeNull();
      const before = (await ofRecord(9)).split(" ")[1] ?? "";
      await run("HDEL", RECORDS, 9);
      await run("HSET", HEAD, "seq", 8, "hash", before);
      expect((await verify()).firstBad).toEqual({ seq: 9, reason: "cut-short" });
      // Another in its place does not make it good.
      await write(1);
      expect((await verify()).firstBad).toEqual({ seq: 9, reason: "rewritten" });
    });

    test("all of it made anew: by the witness, which reports it once and goes on from there", async () => {
      const watch = new AuditWatch();
      expect(await looks(watch)).toBeNull();
      await run("DEL", RECORDS, HEAD);
      await write(12);
      expect((await verify()).firstBad).toEqual({ seq: 9, reason: "rewritten" });
      expect(await looks(watch)).toBe("records of the audit log from 9 to 9 are rewritten");
      expect(await looks(watch)).toBeNull();
      const lost = (await records()).filter(({ action }) => action === "log.lost");
      expect(lost).toMatchObject([{ actor: "control-plane", detail: { log: "audit", from: 9, to: 9 } }]);
      // It is not forgotten for as long as records of that time are kept.
      expect(await verify()).toMatchObject({ holds: false, firstBad: null, breaches: [{ from: 9, to: 9 }] });
    });

    test("by the beat's own verification, bit by bit, and told once", async () => {
      const watch = new AuditWatch();
      expect(await looks(watch)).toBeNull();
      await put(4, (await ofRecord(4)).replace('"ci"', '"me"'));
      expect(await looks(watch)).toBe("record 4 of the audit log is changed");
      expect(await looks(watch)).toBeNull();
    });
  });

  test("trimming keeps what the chain goes on from, and so many records as are asked for", async () => {
    const small = createAuditLog(redis, 0, { ...LIMITS, auditRecordsKept: 5 });
    await write(12, small);
    expect(await verify()).toMatchObject({ holds: true, from: 8, to: 12, records: 5 });
    expect(await run("HLEN", RECORDS)).toBe(5);
    // Fewer from one day to the next are taken out two at a time.
    const smaller = createAuditLog(redis, 0, { ...LIMITS, auditRecordsKept: 2 });
    await write(1, smaller);
    expect(await run("HLEN", RECORDS)).toBe(4);
    await write(5, smaller);
    expect(await verify()).toMatchObject({ holds: true, records: 2, to: 18 });
  });

  describe("of records of many octets", () => {
    const LONG = entry({ detail: { note: "x".repeat(480) } });
    const roomFor = (octets: number) =>
      createAuditLog(redis, 0, { ...LIMITS, auditOctetsKept: bytes(octets) });
    const sizes = async (): Promise<number[]> =>
      ((await run("HVALS", RECORDS)) as string[]).map((text) => text.length);
    const sum = (numbers: readonly number[]): number => numbers.reduce((so, one) => so + one, 0);
    const writeLong = async (times: number, to: AuditLog): Promise<void> => {
      for (let i = 0; i < times; i++) expect((await to.append(LONG, own())).kind).toBe("appended");
    };

    test("fewer are kept, and the chain goes on from the last one that went", async () => {
      const small = roomFor(4000);
      await write(10, small);
      expect(await run("HLEN", RECORDS)).toBe(10);
      await writeLong(4, small);
      const kept = await sizes();
      expect(sum(kept)).toBeLessThanOrEqual(4000);
      expect(sum(kept) + Math.max(...kept)).toBeGreaterThan(4000);
      expect(await verify()).toMatchObject({ holds: true, to: 14, records: kept.length });
    });

    test("the newest stays, however large", async () => {
      const tiny = roomFor(100);
      await writeLong(3, tiny);
      expect(await verify()).toMatchObject({ holds: true, from: 3, to: 3, records: 1 });
    });

    test("with room for less than before the oldest go, as many as that takes", async () => {
      await write(300);
      const small = roomFor(4000);
      await write(1, small);
      expect(await run("HLEN", RECORDS)).toBe(301 - 256);
      await write(1, small);
      expect(sum(await sizes())).toBeLessThanOrEqual(4000);
      expect((await verify()).holds).toBe(true);
    });

    test("what a release that counts none has written is counted from the next record on", async () => {
      const small = roomFor(4000);
      await writeLong(3, small);
      await run("HSET", HEAD, "octets", "2 1 999");
      await writeLong(8, small);
      expect(sum(await sizes())).toBeLessThanOrEqual(4000);
      expect((await verify()).holds).toBe(true);
    });
  });

  test("what is too old goes, and the newest stays however old", async () => {
    const young = createAuditLog(redis, 0, { ...LIMITS, auditKeptFor: millis(-1) });
    await write(3);
    await write(4, young);
    expect(await verify()).toMatchObject({ holds: true, from: 7, to: 7, records: 1 });
  });

  test("the oldest taken out before it was trimmed shows until what came next is trimmed too", async () => {
    const small = createAuditLog(redis, 0, { ...LIMITS, auditRecordsKept: 3 });
    await write(3, small);
    await run("HDEL", RECORDS, 1);
    await write(1, small);
    expect((await verify()).firstBad).toEqual({ seq: 2, reason: "unlinked" });
    await write(1, small);
    expect((await verify()).holds).toBe(true);
  });

  test("records of the form of before are gone on from, and verified no more", async () => {
    const hash = "c".repeat(40);
    await run(
      "RPUSH",
      "tg:audit",
      `genesis ${"b".repeat(40)} 1 1-1 {}`,
      `${"b".repeat(40)} ${hash} 2 1-2 {}`,
    );
    await write(2);
    expect(await verify()).toMatchObject({ holds: true, records: 2, earlier: 2 });
    expect((await ofRecord(1)).split(" ")[1]).toBe(hash);
    const left = Number(await run("PTTL", "tg:audit"));
    expect(left).toBeGreaterThan(days(364));
  });

  test("without Redis nothing is concluded, and nothing is recorded", async () => {
    const away: Redis = { run: async () => ({ kind: "unavailable", reason: "timeout" }) };
    const gone = createAuditLog(away, 0, LIMITS);
    expect(await gone.append(entry(), own())).toMatchObject({ kind: "unavailable" });
    expect(await verifyAudit({ auditLog: gone, auditWitness: witness })).toMatchObject({
      kind: "unavailable",
    });
  });

  test("where replicas are asked for, fewer of them are no record", async () => {
    const wanting = createAuditLog(redis, 1, { ...LIMITS, replicationDeadline: millis(20) });
    expect(await wanting.append(entry(), own())).toEqual({ kind: "unavailable", reason: "unreplicated" });
  });
});
