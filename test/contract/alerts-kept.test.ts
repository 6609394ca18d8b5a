// What becomes of an alert once it fires: it outlives its evaluator, is told until it was taken, and rests when acknowledged.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { readAlerting } from "../../control-plane/alerts/settings.ts";
import { acknowledge, readShownAlerts } from "../../control-plane/alerts/show-alerts.ts";
import type { ShownAlert } from "../../control-plane/alerts/shown-alert.ts";
import { AlertWatch } from "../../control-plane/alerts/watch.ts";
import { backoff } from "../../control-plane/alerts/webhook/deliver.ts";
import { LIMITS } from "../../control-plane/config.ts";
import { alertChecks } from "../../control-plane/doctor/alert-checks.ts";
import { type AlertStage, startAlertStage } from "../support/alert-stage.ts";

let stage: AlertStage;
let told: string[];

beforeEach(async () => {
  told = [];
  vi.spyOn(console, "error").mockImplementation((line: unknown) => void told.push(String(line)));
  stage = await startAlertStage();
  await stage.pass(10);
});

const setReachable = (reachable: boolean, ...ids: string[]): void => {
  for (const edge of stage.edges) if (ids.includes(edge.id)) edge.reachable = reachable;
};
const silence = (...ids: string[]): void => setReachable(false, ...ids);
const wake = (...ids: string[]): void => setReachable(true, ...ids);
const statuses = (): string[] => stage.receiver.messages.map(({ status }) => status);
const only = async (): Promise<ShownAlert> => {
  const [alert, ...others] = await stage.alerts();
  expect(others).toEqual([]);
  if (alert === undefined) throw new Error("there is no alert");
  return alert;
};
const ack = (id: string, note: string | null = null) =>
  stage.during(acknowledge(stage.plane, id, { by: "ada", note, first: async () => {} }));

describe("an alert that fires", () => {
  beforeEach(async () => {
    silence("one");
    await stage.pass(60);
  });

  test("is told once, and goes on as the same one when its evaluator is another", async () => {
    const before = await only();
    expect(before).toMatchObject({ state: "firing", rule: "edge-silent", labels: { edge: "one" } });
    for (let restarts = 0; restarts < 3; restarts++) {
      stage.restart();
      await stage.pass(20);
    }
    expect(await only()).toMatchObject({ id: before.id, since: before.since, state: "firing" });
    expect(statuses()).toEqual(["firing"]);
    expect(told.filter((line) => line.startsWith("alert "))).toEqual(["alert firing: edge-silent edge=one"]);
  });

  test("that was pending at the restart fires no later", async () => {
    wake("one");
    await stage.pass(60);
    silence("two");
    await stage.pass(20);
    stage.restart();
    await stage.pass(20);
    expect(await stage.inState("firing")).toEqual(["edge-silent two"]);
  });

  test("that is over is told so once, shown for an hour, and the next spell is another alert", async () => {
    const { id } = await only();
    wake("one");
    await stage.pass(60);
    expect(await only()).toMatchObject({ id, state: "resolved" });
    silence("one");
    await stage.pass(60);
    const again = await only();
    expect(again).toMatchObject({ state: "firing" });
    expect(again.id).not.toBe(id);
    wake("one");
    await stage.pass(60);
    expect(statuses()).toEqual(["firing", "resolved", "firing", "resolved"]);
    await stage.time.runUntil(stage.time.now + LIMITS.alertResolvedKept);
    await stage.pass(20);
    expect(await stage.alerts()).toEqual([]);
  });

  test("is told again when nobody has acknowledged it for hours, and not when somebody has", async () => {
    await stage.time.runUntil(stage.time.now + LIMITS.webhookRepeat);
    await stage.pass(20);
    expect(statuses()).toEqual(["firing", "firing"]);
    const { id } = await only();
    expect(await ack(id, "a rack is moved")).toMatchObject({
      kind: "acknowledged",
      alert: { id, acknowledged: { by: "ada", note: "a rack is moved" } },
    });
    await stage.time.runUntil(stage.time.now + 2 * LIMITS.webhookRepeat);
    await stage.pass(20);
    stage.restart();
    await stage.pass(20);
    expect(statuses()).toEqual(["firing", "firing"]);
    expect(await only()).toMatchObject({ state: "firing", acknowledged: { by: "ada" } });
    wake("one");
    await stage.pass(60);
    expect(statuses()).toEqual(["firing", "firing", "resolved"]);
    silence("one");
    await stage.pass(60);
    expect(await only()).toMatchObject({ state: "firing", acknowledged: null });
    expect(statuses().at(-1)).toBe("firing");
  });

  test("can be acknowledged only while it fires", async () => {
    const { id } = await only();
    expect(await ack("edge-silent-0-0")).toEqual({ kind: "absent" });
    wake("one");
    await stage.pass(60);
    expect(await ack(id)).toEqual({ kind: "not-firing", state: "resolved" });
  });

  test("counts once where two evaluate it at the same time", async () => {
    const [first, second] = [new AlertWatch(), new AlertWatch()];
    wake("one");
    silence("two");
    await stage.pass(10);
    await stage.time.runUntil(stage.time.now + LIMITS.alertEvery * 4);
    await stage.during(Promise.all([first.run(stage.plane), second.run(stage.plane)]));
    const changes = told.filter(
      (line) => line.startsWith("alert firing") || line.startsWith("alert resolved"),
    );
    expect(changes.length).toBe(new Set(changes).size);
  });
});

describe("the receiver", () => {
  test("that does not answer is told when it does, however long that takes, and across a restart", async () => {
    stage.receiver.status = "timeout";
    silence("one");
    await stage.pass(600);
    stage.restart();
    await stage.pass(60);
    expect(stage.receiver.messages).toEqual([]);
    stage.receiver.status = 200;
    await stage.pass(60);
    expect(statuses()).toEqual(["firing"]);
    expect(told.filter((line) => line.includes("receiver"))).toHaveLength(3);
  });

  test("that takes no message is told of, with why, until it takes them again", async () => {
    const refused = async () => (await stage.during(readShownAlerts(stage.plane))).refused;
    const checks = async () =>
      (await stage.during(alertChecks(stage.plane))).filter(({ id }) => id === "alerts-receiver");
    expect(await refused()).toBeNull();
    stage.receiver.status = "timeout";
    silence("one");
    await stage.pass(60);
    const before = await refused();
    expect(before).toMatchObject({ reason: "timeout" });
    stage.receiver.status = 307;
    await stage.pass(60);
    expect(await refused()).toEqual({ since: before?.since, reason: "it answered 307" });
    expect(await checks()).toMatchObject([
      { state: "fail", what: expect.stringContaining("it answered 307"), advice: expect.any(String) },
    ]);
    stage.receiver.status = 200;
    await stage.pass(LIMITS.webhookBackoffMost / 1000);
    expect([await refused(), await checks()]).toEqual([null, []]);
  });

  test("that comes back after the end is told of both at once", async () => {
    stage.receiver.status = 503;
    silence("one");
    await stage.pass(60);
    wake("one");
    await stage.pass(60);
    stage.receiver.status = 200;
    await stage.pass(LIMITS.webhookBackoffMost / 1000);
    expect(statuses()).toEqual(["resolved"]);
    const [alert] = stage.receiver.messages[0]?.alerts ?? [];
    expect(Date.parse(alert?.endsAt ?? "")).toBeGreaterThan(Date.parse(alert?.startsAt ?? ""));
  });

  test("is asked less and less often, never all at once, and no less than every ten minutes", () => {
    const least = [0, 1, 2, 30].map((failures) => backoff(failures, 0));
    const most = [0, 1, 2, 30].map((failures) => backoff(failures, 1));
    expect(least).toEqual([2500, 5000, 10_000, LIMITS.webhookBackoffMost / 2]);
    expect(most).toEqual([5000, 10_000, 20_000, LIMITS.webhookBackoffMost]);
  });

  test("never holds up the rules", async () => {
    stage.receiver.status = "timeout";
    silence("one", "two");
    await stage.pass(60);
    expect(await stage.inState("firing")).toEqual(["edge-silent one", "edge-silent two", "edges-vanished"]);
  });

  test("gets what Alertmanager would send: all of a rule in one message, signed", async () => {
    silence("one", "two");
    await stage.pass(60);
    const message = stage.receiver.messages.find(({ groupKey }) => groupKey.includes("EdgeSilent"));
    expect(message).toMatchObject({
      version: "4",
      groupKey: '{}:{alertname="TidegateEdgeSilent"}',
      truncatedAlerts: 0,
      status: "firing",
      receiver: "tidegate",
      groupLabels: { alertname: "TidegateEdgeSilent" },
      commonLabels: { alertname: "TidegateEdgeSilent", severity: "ticket" },
      commonAnnotations: { runbook_url: "ops/runbooks/edge-silent.md", title: "An edge does not report" },
      externalURL: "",
    });
    expect(message?.alerts).toHaveLength(2);
    expect(message?.alerts[0]).toMatchObject({
      status: "firing",
      labels: { alertname: "TidegateEdgeSilent", severity: "ticket", edge: "one" },
      annotations: { summary: "edge one does not answer the control plane" },
      endsAt: "0001-01-01T00:00:00Z",
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(stage.receiver.unsigned).toBe(0);
    wake("one");
    await stage.pass(60);
    const later = stage.receiver.messages.filter(({ groupKey }) => groupKey.includes("EdgeSilent")).at(-1);
    expect(later?.status).toBe("firing");
    expect(later?.alerts.map(({ labels, status }) => [labels.edge, status])).toEqual([
      ["two", "firing"],
      ["one", "resolved"],
    ]);
  });
});

const REFUSALS = [
  ["full", "OOM command not allowed when used memory > 'maxmemory'."],
  [
    "MISCONF",
    "MISCONF Errors writing to the AOF file: No space left on device script: 1f, on @user_script:1.",
  ],
  [
    "MISCONF",
    "ERR Error running script (call to f_1f): @user_script:1: @user_script: 1: -MISCONF Redis is configured",
  ],
  ["NOREPLICAS", "NOREPLICAS Not enough good replicas to write."],
  ["READONLY", "READONLY You can't write against a read only replica."],
] as const;

describe("while the log's database is away", () => {
  test("that alone is known, told, and afterwards remembered as any alert", async () => {
    silence("one");
    await stage.pass(60);
    stage.control.away = true;
    await stage.pass(40);
    const shown = await stage.during(readShownAlerts(stage.plane));
    expect(shown).toMatchObject({ judging: "unreachable", evaluatedAt: null });
    expect(shown.unmeasured).toContain("edge-silent");
    expect(shown.items).toMatchObject([{ rule: "mid-tier-unreachable", state: "firing", severity: "page" }]);
    expect(statuses()).toEqual(["firing", "firing"]);
    expect(await ack("mid-tier-unreachable-0-0")).toMatchObject({ kind: "unavailable" });
    stage.control.away = false;
    await stage.pass(60);
    expect((await stage.alerts()).map(({ rule, state }) => [rule, state])).toEqual([
      ["edge-silent", "firing"],
      ["mid-tier-unreachable", "resolved"],
    ]);
    expect(statuses()).toEqual(["firing", "firing", "resolved"]);
  });

  test.each(REFUSALS)(
    "one that takes no writes (%s) is told of too, and what it held is shown beside it",
    async (word, message) => {
      silence("one");
      await stage.pass(60);
      stage.control.instead = ([name, script]) =>
        name === "EVAL" && /'\/evaluation'|'overtaken'/.test(String(script))
          ? { kind: "error", message }
          : null;
      await stage.pass(40);
      const { items } = await stage.during(readShownAlerts(stage.plane));
      expect(items.map(({ rule, state }) => [rule, state])).toEqual([
        ["mid-tier-unreachable", "firing"],
        ["edge-silent", "firing"],
      ]);
      expect(items[0]?.summary).toMatch(
        new RegExp(`^the database of the log has taken no writes \\(${word}\\) for \\d+ s$`),
      );
      expect(statuses()).toEqual(["firing", "firing"]);
      stage.control.instead = () => null;
      await stage.pass(60);
      expect((await stage.alerts()).map(({ rule, state }) => [rule, state])).toEqual([
        ["edge-silent", "firing"],
        ["mid-tier-unreachable", "resolved"],
      ]);
      expect(statuses()).toEqual(["firing", "firing", "resolved"]);
    },
  );

  test("a moment of it right behind the outage does not hide that", async () => {
    stage.control.away = true;
    await stage.pass(40);
    for (const away of [false, true, false]) {
      stage.control.away = away;
      await stage.during(stage.plane.alerts.read());
    }
    await stage.pass(20);
    expect(await only()).toMatchObject({ rule: "mid-tier-unreachable", state: "firing" });
    await stage.pass(40);
    expect(await only()).toMatchObject({ rule: "mid-tier-unreachable", state: "resolved" });
    expect(statuses()).toEqual(["firing", "resolved"]);
  });

  test("a moment of it is no alert", async () => {
    stage.control.away = true;
    await stage.during(stage.plane.alerts.read());
    expect((await stage.during(readShownAlerts(stage.plane))).items).toMatchObject([{ state: "pending" }]);
    stage.control.away = false;
    await stage.pass(20);
    expect(await stage.alerts()).toEqual([]);
    expect(stage.receiver.messages).toEqual([]);
  });
});

describe("where nobody judges the rules", () => {
  const shown = () => stage.during(readShownAlerts(stage.plane));
  const all = (): string[] => stage.plane.settings.alerting.table.rules.map(({ id }) => id);

  test("that is said, and nothing counts as measured, until somebody does", async () => {
    silence("one");
    await stage.pass(60);
    expect(await shown()).toMatchObject({ judging: "current", items: [{ state: "firing", measured: true }] });
    await stage.time.runUntil(stage.time.now + LIMITS.alertJudgedWithin + LIMITS.alertEvery);
    const stopped = await shown();
    expect(stopped).toMatchObject({ judging: "stopped", items: [{ state: "firing", measured: false }] });
    expect(stopped.unmeasured).toEqual(all());
    expect(await stage.during(alertChecks(stage.plane))).toMatchObject([
      { state: "warn" },
      { state: "unknown", what: expect.stringContaining("last judged at") },
    ]);
    await stage.pass(10);
    expect(await shown()).toMatchObject({ judging: "current", items: [{ measured: true }] });
  });

  test("nor ever has, no rule counts as measured", async () => {
    const fresh = await startAlertStage();
    const before = await fresh.during(readShownAlerts(fresh.plane));
    expect(before).toMatchObject({ judging: "not-begun", evaluatedAt: null, items: [] });
    expect(before.unmeasured).toEqual(all());
  });
});

describe("what begins and what ends is recorded, once", () => {
  const records = async () => {
    const page = await stage.during(stage.plane.auditLog.page(null, 100));
    if (page.kind !== "page") throw new Error(page.kind);
    return page.records.filter(({ action }) => action.startsWith("alert.")).reverse();
  };
  const recorded = async (): Promise<string[]> =>
    (await records()).map(({ action, detail }) => `${action} ${detail.rule}`);
  const BOTH = ["alert.fire edge-silent", "alert.clear edge-silent"];

  test("where all goes well", async () => {
    silence("one");
    await stage.pass(60);
    wake("one");
    await stage.pass(90);
    expect(await recorded()).toEqual(BOTH);
    expect((await records())[0]).toMatchObject({
      ...{ actor: "control-plane", detail: { rule: "edge-silent", edge: "one", value: 1 } },
    });
  });

  test("where the audit log takes nothing until it is over, or until the evaluator is another one", async () => {
    const { auditLog } = stage.plane;
    const append = async () => ({ kind: "unavailable", reason: "full" }) as const;
    Object.assign(stage.plane, { auditLog: { ...auditLog, append } });
    silence("one");
    await stage.pass(60);
    wake("one");
    await stage.pass(60);
    stage.restart();
    await stage.pass(10);
    expect(await recorded()).toEqual([]);
    expect(told.filter((line) => line.includes("not recorded yet"))).toHaveLength(2);
    Object.assign(stage.plane, { auditLog });
    await stage.pass(30);
    expect(await recorded()).toEqual(BOTH);
  });

  test("where the reply to what was evaluated is lost", async () => {
    const { alerts } = stage.plane;
    let lost = 0;
    const commit: typeof alerts.commit = async (changes) => {
      const outcome = await alerts.commit(changes);
      const isNews = [...changes.set.values()].some((text) => /"kind":"(firing|resolved)"/.test(text));
      if (!isNews || outcome.kind !== "kept" || lost % 2 === 1) return outcome;
      lost += 1;
      return { kind: "unavailable", reason: "timeout" };
    };
    silence("one");
    await stage.pass(20);
    Object.assign(stage.plane, { alerts: { ...alerts, commit } });
    await stage.pass(40);
    expect(lost).toBe(1);
    expect(await recorded()).toEqual(BOTH.slice(0, 1));
    wake("one");
    lost = 2;
    await stage.pass(90);
    expect(lost).toBe(3);
    expect(await recorded()).toEqual(BOTH);
  });

  test("of an outage of the log's database too", async () => {
    stage.control.away = true;
    await stage.pass(40);
    stage.control.away = false;
    await stage.pass(60);
    expect(await recorded()).toEqual(["alert.fire mid-tier-unreachable", "alert.clear mid-tier-unreachable"]);
  });
});

test("a rule that is turned off is over at once, and judges nothing", async () => {
  silence("one");
  await stage.pass(60);
  const off = readAlerting({ ALERTS: JSON.stringify({ "edge-silent": { enabled: false } }) }, []);
  Object.assign(stage.plane.settings, { alerting: off });
  await stage.pass(20);
  expect(await stage.inState("resolved")).toEqual(["edge-silent one"]);
  await stage.time.runUntil(stage.time.now + LIMITS.alertResolvedKept);
  await stage.pass(60);
  expect(await stage.alerts()).toEqual([]);
});

test("one whose edge leaves the list is over", async () => {
  silence("one");
  await stage.pass(60);
  const edges = [
    { id: "two", url: "http://two.test" },
    { id: "three", url: "http://three.test" },
  ];
  await stage.during(stage.plane.edges.replace(edges.map((edge) => ({ ...edge, region: null, pid: null }))));
  await stage.pass(60);
  expect(await only()).toMatchObject({ state: "resolved", measured: false });
});
