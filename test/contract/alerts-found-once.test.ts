// What is found once is told once, also where Redis goes away before the rules have looked at it.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { AuditWatch } from "../../control-plane/audit-log/watch.ts";
import { LIMITS } from "../../control-plane/config.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { watchLog } from "../../control-plane/log/watch.ts";
import { hours, seconds } from "../../shared/core/units.ts";
import { AUDIT_KEYS, JOURNAL_FIGURES } from "../../shared/mid-tier/keys.ts";
import type { AuditSample } from "../../shared/wire/audit.ts";
import { type AlertStage, startAlertStage } from "../support/alert-stage.ts";
import { memoryWitness } from "../support/memory-witness.ts";

let stage: AlertStage;

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  stage = await startAlertStage();
  await stage.purge();
  await stage.pass(20);
  expect(await stage.inState("firing")).toEqual([]);
});

/** A hit of what the edge's own view knew to be purged. */
async function violation(): Promise<AuditSample> {
  const head = await stage.during(stage.plane.log.snapshot(0));
  if (head.kind !== "snapshot") throw new Error(head.kind);
  const { epoch, seq } = head.head;
  return {
    ...{ class: "hot", tier: "l1Memory", result: "hit", why: "random" },
    ...{ asOf: `${epoch}-0`, verifiedTo: `${epoch}-0`, view: `${epoch}-${seq}` },
    ...{ knownAgeMs: 0, agoMs: 0, ageMs: 60_000, askedBeforeMs: 60_000, boundMs: 5000 },
    ...{ selectors: ["default u origin.test/a", "default e"], inForce: [] },
  };
}

async function findViolation(): Promise<void> {
  const [edge] = stage.edges;
  if (edge === undefined) throw new Error("there is no edge");
  edge.said = { ...edge.said, audit: { number: 1, samples: [await violation()] } };
  await stage.during(collectStatus(stage.plane));
  edge.said = {};
}

async function findRecordsGone(): Promise<void> {
  await stage.during(stage.control.redis.run([["DEL", ...AUDIT_KEYS]], seconds(1)));
  expect(await stage.during(new AuditWatch().look(stage.plane))).toContain("cut-short");
}

async function findLogGone(): Promise<void> {
  const head = await stage.during(stage.plane.log.snapshot(0));
  if (head.kind !== "snapshot") throw new Error(head.kind);
  const witness = memoryWitness();
  await witness.put({ ...head.head, seq: head.head.seq + 5, hash: "f".repeat(64) });
  await stage.during(watchLog(stage.plane, { witness, began: () => {} }));
}

async function findWritesGone(): Promise<void> {
  const { redis } = stage.second;
  await stage.during(redis.run([["HSET", JOURNAL_FIGURES, "accepted", 5]], seconds(1)));
  await stage.pass(10);
  await stage.during(redis.run([["DEL", JOURNAL_FIGURES]], seconds(1)));
  await stage.pass(10);
}

const FOUND = [
  ["a violation", findViolation, "stale-violations hot"],
  ["records of the audit log that are gone", findRecordsGone, "audit-broken"],
  ["entries of the log that are gone", findLogGone, "log-lost"],
  ["writes of a journal that are gone", findWritesGone, "journal-lost second"],
] as const;

describe.each(FOUND)("%s", (_, find, alert) => {
  test.each([
    ["longer than the rules look back", async () => stage.pass(90)],
    [
      "longer than what was found stands",
      async () => stage.time.runUntil(stage.time.now + LIMITS.alertFoundFor + hours(1)),
    ],
  ])("found just before Redis went away, for %s, is told when it is back", async (_, away) => {
    await find();
    stage.control.away = true;
    await away();
    stage.control.away = false;
    await stage.pass(20);
    expect(await stage.inState("firing")).toContain(alert);
    const rule = alert.split(" ", 1)[0] ?? "";
    expect(
      stage.receiver.messages.filter(({ alerts: [one] }) =>
        one?.annotations.runbook_url?.endsWith(`/${rule}.md`),
      ),
    ).toMatchObject([{ status: "firing" }]);
  });

  test("is over some time after, and does not come again after another outage", async () => {
    await find();
    await stage.pass(20);
    expect(await stage.inState("firing")).toEqual([alert]);
    for (let hour = 0; hour < 3; hour++) {
      await stage.time.runUntil(stage.time.now + hours(1));
      await stage.pass(10);
    }
    await stage.pass(100);
    expect(await stage.inState("firing")).toEqual([]);
    stage.control.away = true;
    await stage.pass(90);
    stage.control.away = false;
    await stage.pass(60);
    expect(await stage.inState("firing")).toEqual([]);
  });
});

test("a look that finds the audit log broken is counted, even where its count failed at first", async () => {
  await stage.during(stage.control.redis.run([["DEL", ...AUDIT_KEYS]], seconds(1)));
  const watch = new AuditWatch();
  const { metrics } = stage.plane;
  const failing = { ...metrics, countAll: async () => ({ kind: "unavailable", reason: "away" }) as const };
  await stage.during(watch.look({ ...stage.plane, metrics: failing }));
  await stage.during(watch.look(stage.plane));
  const ever = await stage.during(metrics.ever());
  expect(ever.kind === "counts" && ever.counts.get("auditChain|broken")).toBe(1);
});
