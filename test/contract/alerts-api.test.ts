// `GET /alerts`, `GET /alerts/rules`, `POST /alerts/{id}/ack`: what is listed and in which order, and who may acknowledge.

import { afterEach, beforeEach, expect, test } from "vitest";
import { type Alert, alertId, keyOf } from "../../control-plane/alerts/alert.ts";
import { RULES } from "../../control-plane/alerts/rules.ts";
import { encodeAlert, encodeEvaluation } from "../../control-plane/alerts/stored.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { type Answer, startPlane, type TestPlane } from "./control-harness.ts";

const NOON = Date.UTC(2026, 6, 1, 12);
let rest: RestFixture;
let plane: TestPlane;
let judgedAt: number;

beforeEach(async () => {
  rest = await startEmbeddedRest();
  plane = await startPlane(rest);
  judgedAt = Date.now();
  const kept = [
    alertOf(
      "edge-silent",
      { edge: "one" },
      { kind: "resolved", since: NOON, firedAt: NOON - 60_000, why: "clear" },
    ),
    alertOf("edge-silent", { edge: "two" }, { kind: "pending", since: NOON, judgedAt: NOON, held: false }),
    alertOf("edge-fenced", { edge: "three" }, firingSince(NOON - 1000)),
    alertOf("shard-memory", { shard: "control" }, firingSince(NOON)),
    alertOf("shard-down", { shard: "b" }, firingSince(NOON - 5000)),
  ];
  await plane.plane.alerts.commit({
    ...{
      revision: "0",
      evaluation: encodeEvaluation({ at: judgedAt, unmeasured: ["hit-rate"], refused: null }),
    },
    set: new Map(kept.map((alert) => [keyOf(alert.rule, alert.labels), encodeAlert(alert)])),
    ...{ forget: [], forgetAcks: [] },
  });
});
afterEach(() => rest.stop());

const firingSince = (since: number): Alert["phase"] => ({
  kind: "firing",
  since,
  judgedAt: since,
  clearSince: null,
});

const alertOf = (rule: string, labels: Alert["labels"], phase: Alert["phase"]): Alert => ({
  id: alertId(rule, keyOf(rule, labels), phase.since),
  ...{ rule, labels, phase, value: 0.95, threshold: 0.9, measured: true },
  recorded: null,
});

const rulesIn = ({ json }: Answer): string[] => json.items.map(({ rule }: { rule: string }) => rule);

test("what fires comes first, pages before tickets, and the newest of each", async () => {
  const answer = await plane.call("/alerts");
  expect(rulesIn(answer)).toEqual([
    "shard-down",
    "shard-memory",
    "edge-fenced",
    "edge-silent",
    "edge-silent",
  ]);
  expect(answer.json).toMatchObject({
    nextCursor: null,
    judging: "current",
    evaluatedAt: new Date(judgedAt).toISOString(),
    unmeasured: ["hit-rate"],
  });
  expect(answer.json.items[1]).toMatchObject({
    ...{ title: "A shard is nearly full", severity: "ticket", state: "firing", value: 0.95, unit: "ratio" },
    ...{
      since: "2026-07-01T12:00:00.000Z",
      threshold: 0.9,
      labels: { shard: "control" },
      acknowledged: null,
    },
    summary: "shard control uses 95 % of its memory, 90 % is much",
    runbook: "ops/runbooks/shard-memory.md",
  });
});

test("pages hold each once, however many are on one", async () => {
  const all = (await plane.call("/alerts")).json.items;
  for (const limit of [1, 2, 3, 4, 5]) {
    const found: unknown[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { json } = await plane.call(
        `/alerts?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      found.push(...json.items);
      cursor = json.nextCursor;
    }
    expect(found, `${limit} a page`).toEqual(all);
  }
  expect(rulesIn(await plane.call("/alerts?state=pending"))).toEqual(["edge-silent"]);
});

test("the metrics show those that fire", async () => {
  const { json } = await plane.call("/cache-metrics");
  expect(json.alerts.map(({ rule }: { rule: string }) => rule)).toEqual([
    "shard-down",
    "shard-memory",
    "edge-fenced",
  ]);
});

test("an acknowledgement says by whom and why, and the last one counts", async () => {
  const [alert] = (await plane.call("/alerts")).json.items;
  const { status, json } = await plane.call(`/alerts/${alert.id}/ack`, { note: "on it" });
  expect(status).toBe(200);
  expect(json).toMatchObject({ id: alert.id, acknowledged: { by: "admin", note: "on it" } });
  expect((await plane.call(`/alerts/${alert.id}/ack`, {})).json.acknowledged.note).toBeNull();
  expect((await plane.call("/alerts")).json.items[0].acknowledged).toMatchObject({ by: "admin", note: null });
});

test("what does not fire can't be acknowledged", async () => {
  const { items } = (await plane.call("/alerts")).json;
  expect((await plane.call(`/alerts/${items[3].id}/ack`, {})).status).toBe(409);
  expect((await plane.call("/alerts/edge-silent-0-0/ack", {})).status).toBe(404);
});

test.each([
  ["/alerts?state=acknowledged", undefined, 400],
  ["/alerts?limit=0", undefined, 400],
  ["/alerts?cursor=x", undefined, 400],
  ["/alerts?rule=a", undefined, 400],
  ["/alerts/rules?limit=1", undefined, 400],
  ["/alerts/A_B/ack", {}, 404],
  ["/alerts/edge-silent-0-0/ack", { note: "x".repeat(501) }, 422],
  ["/alerts/edge-silent-0-0/ack", { by: "somebody" }, 422],
])("%s with %j is answered with %i", async (path, body, status) => {
  expect((await plane.call(path, body)).status).toBe(status);
});

test("reading takes the scope read, acknowledging the scope purge, for all sites", async () => {
  const [{ id }] = (await plane.call("/alerts")).json.items;
  const made = async (token: object): Promise<Record<string, string>> => {
    const { json } = await plane.call("/tokens", { name: "test", ...token });
    return { authorization: `Bearer ${json.token}` };
  };
  const [reader, purger] = [await made({ scopes: ["read"] }), await made({ scopes: ["read", "purge"] })];
  const bound = await made({ scopes: ["read", "purge"], sites: ["default"] });
  expect((await plane.ask("/alerts", { headers: reader })).status).toBe(200);
  expect((await plane.call(`/alerts/${id}/ack`, {}, reader)).status).toBe(403);
  expect((await plane.call(`/alerts/${id}/ack`, {}, bound)).status).toBe(403);
  expect((await plane.call(`/alerts/${id}/ack`, {}, purger)).status).toBe(200);
  expect((await plane.ask("/alerts")).status).toBe(401);
});

test("every rule is listed with the terms in force, those turned off too", async () => {
  const changed = await startPlane(rest, {
    ALERTS: {
      "journal-depth": { threshold: 7, clear: 3 },
      stampede: { enabled: false },
      targets: { standard: 0.5 },
    },
  });
  const { items } = (await changed.call("/alerts/rules")).json;
  expect(items).toHaveLength(RULES.length);
  const of = (id: string) => items.find((rule: { id: string }) => rule.id === id);
  expect(of("journal-depth")).toMatchObject({ threshold: 7, clear: 3, forSeconds: 60, enabled: true });
  expect(of("stampede").enabled).toBe(false);
  expect(of("hit-rate").targets).toEqual({ hot: 0.9, immutable: 0.9, standard: 0.5 });
});
