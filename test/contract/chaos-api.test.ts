// `/chaos`: who may break what, one at a time; what is told of it while it runs and when it is over.

import { expect, test } from "vitest";
import type { Principal } from "../../control-plane/tokens/scopes.ts";
import type { ChaosReport } from "../../shared/wire/chaos.ts";
import { chaosReport } from "../support/chaos-report.ts";
import { type ChaosStage, chaosStage } from "../support/chaos-stage.ts";

const holding = (...scopes: Principal["scopes"]): Principal => ({
  ...{ id: "t", name: "holder", scopes, sites: null, patterns: null },
});

const start = (stage: ChaosStage, body: object = {}, key?: string) =>
  stage.ask("/chaos", { body: { experiment: "kill-edge", ...body }, ...(key === undefined ? {} : { key }) });

/** As its agent tells it from now on. */
function ends(stage: ChaosStage, id: string, changes: Partial<ChaosReport> = {}): void {
  const running = stage.agent.reports.get(id);
  if (running === undefined) throw new Error("it does not run");
  const { timeline, events } = chaosReport();
  const endedAt = running.startedAt + 60_000;
  const over = { ...running, timeline, events, state: "passed", phase: "over", endedAt } as const;
  stage.agent.reports.set(id, { ...over, ...changes });
}

test("an experiment is ordered as it was asked for, and its report is at its place", async () => {
  const stage = await chaosStage();
  const body = { target: "edge-2", durationMs: 20_000, seed: 7, reason: "game day" };
  const begun = await start(stage, body);
  expect(begun.status).toBe(202);
  expect(begun.json).toMatchObject({
    ...{ experiment: "kill-edge", target: "edge-2", seed: 7, durationMs: 20_000, state: "running" },
    ...{ actor: "admin", reason: "game day", hypothesis: "nobody notices" },
  });
  const { id } = begun.json;
  expect(begun.headers.get("location")).toBe(`/chaos/${id}`);
  expect(begun.json.report).toBe(`/chaos/${id}/report`);
  expect(stage.agent.orders).toEqual([
    { id, experiment: "kill-edge", target: "edge-2", durationMs: 20_000, seed: 7 },
  ]);
  ends(stage, id, { endedAt: Date.UTC(2026, 6, 1, 12, 1) });
  const over = await stage.ask(`/chaos/${id}`);
  expect(over.json).toMatchObject({ state: "passed", endedAt: "2026-07-01T12:01:00.000Z", actor: "admin" });
  expect(over.json.timeline).toHaveLength(60);
  stage.agent.reports.clear();
  expect((await stage.ask(`/chaos/${id}`)).json, "kept, whatever becomes of the agent").toEqual(over.json);
});

test("without a target, a duration or a seed it is drawn, and the bounds of a fault hold", async () => {
  const stage = await chaosStage();
  await start(stage);
  const [order] = stage.agent.orders;
  expect(order).toMatchObject({ target: null, durationMs: 15_000 });
  expect(order?.seed).toBeGreaterThanOrEqual(0);
});

test.each([
  [{ target: "edge-9" }, "/target", "is not an edge for kill-edge: there are edge-1, edge-2"],
  [
    { experiment: "kill-shard", target: "edge-1" },
    "/target",
    "is not a shard for kill-shard: there are control, shard-2",
  ],
  [
    { experiment: "flush-shard", target: "control" },
    "/target",
    "is not a shard for flush-shard: there are shard-2",
  ],
  [{ experiment: "origin-down", target: "edge-1" }, "/target", "origin-down takes none"],
  [{ from: "redis" }, "/from", "is of a partition alone"],
  [{ arrives: "replies" }, "/arrives", "is of a partition alone"],
  [{ durationMs: 1999 }, "/durationMs", /./],
  [{ durationMs: 300_001 }, "/durationMs", /./],
  [{ timeoutMs: 5 }, "/timeoutMs", "is only taken with wait"],
  [{ experiment: "meteor" }, "/experiment", /./],
  [{ force: true }, "/force", "is not a known field"],
])("%j is refused at %s", async (body, pointer, message) => {
  const stage = await chaosStage();
  const { status, json } = await start(stage, body);
  expect(status).toBe(422);
  expect(json.errors).toEqual([
    { pointer, message: typeof message === "string" ? message : expect.stringMatching(message) },
  ]);
  expect(stage.agent.orders).toEqual([]);
});

test("a partition says from what, and what arrives all the same", async () => {
  const stage = await chaosStage();
  const body = { experiment: "partition", target: "edge-1", from: "redis", arrives: "requests" };
  expect((await start(stage, body)).json).toMatchObject({ from: "redis", arrives: "requests" });
  expect(stage.agent.orders[0]).toMatchObject({ from: "redis", arrives: "requests" });
});

test("where chaos is off nothing is broken, and it is said how to turn it on", async () => {
  const stage = await chaosStage({ enabled: false });
  const { status, json } = await start(stage);
  expect([status, json.code]).toEqual([409, "chaos-disabled"]);
  expect(json.detail).toContain("--chaos");
  expect((await stage.ask("/chaos")).json).toEqual({ enabled: false, items: [], nextCursor: null });
  expect(await stage.records()).toEqual([]);
});

test("one runs at a time: a second is told which, until the first is over", async () => {
  const stage = await chaosStage();
  const { id } = (await start(stage)).json;
  const second = await start(stage, { experiment: "origin-down" });
  expect([second.status, second.json.code]).toEqual([409, "conflict"]);
  expect(second.json.detail).toContain(id);
  ends(stage, id);
  expect((await start(stage, { experiment: "origin-down" })).status).toBe(202);
});

test("the same request under the same key begins one experiment; another one is a conflict", async () => {
  const stage = await chaosStage();
  const first = await start(stage, { seed: 1 }, "k");
  const again = await start(stage, { seed: 1 }, "k");
  expect([again.status, again.json.id]).toEqual([202, first.json.id]);
  expect((await start(stage, { seed: 2 }, "k")).json.code).toBe("idempotency-conflict");
  expect(stage.agent.orders).toHaveLength(1);
});

test("with wait the answer is the final report, or what there is of it when time runs out", async () => {
  const stage = await chaosStage();
  const body = { wait: true, timeoutMs: 2000 };
  const begun = stage.time.now;
  const early = await start(stage, body, "k");
  expect([early.status, early.json.state]).toEqual([202, "running"]);
  expect(stage.time.now - begun).toBeGreaterThanOrEqual(2000);
  ends(stage, early.json.id, { state: "failed" });
  const over = await start(stage, body, "k");
  expect([over.status, over.json.id, over.json.state]).toEqual([200, early.json.id, "failed"]);
});

test("an agent that is away is told as that, and what it can't have begun is not there", async () => {
  const stage = await chaosStage();
  stage.agent.isThere = false;
  const away = await start(stage, {}, "k");
  expect([away.status, away.json.code]).toEqual([503, "chaos-agent-away"]);
  expect((await stage.ask("/chaos")).json.items).toEqual([]);
  stage.agent.isThere = true;
  expect((await start(stage, {}, "k")).status, "sent again").toBe(202);
});

test("what the agent refuses is refused with its words", async () => {
  const stage = await chaosStage();
  stage.agent.refuses = { status: 400, text: '{"problem":"edge-1 is one of two"}' };
  const refused = await start(stage, { target: "edge-1" });
  expect([refused.status, refused.json.code]).toEqual([422, "invalid-body"]);
  expect(refused.json.detail).toContain("edge-1 is one of two");
  stage.agent.refuses = { status: 409, text: "" };
  expect((await start(stage)).status).toBe(409);
  expect((await stage.ask("/chaos")).json.items).toEqual([]);
});

test("an agent of another cluster is told as that: nothing was broken, and it says what to do", async () => {
  const stage = await chaosStage();
  stage.agent.key = "another-cluster's";
  const refused = await start(stage, {}, "k");
  expect([refused.status, refused.json.code]).toEqual([502, "chaos-agent-refuses"]);
  expect(refused.json.detail).toMatch(/its signature: wrong signature.*CLUSTER_KEY.*Nothing was broken\./);
  expect((await stage.ask("/chaos")).json.items).toEqual([]);
  stage.agent.key = "cluster-key";
  const { id } = (await start(stage, {}, "k")).json;
  stage.agent.key = "another-cluster's";
  const abort = await stage.ask(`/chaos/${id}`, { method: "DELETE" });
  expect([abort.status, abort.json.code]).toEqual([502, "chaos-agent-refuses"]);
  expect((await stage.ask(`/chaos/${id}`)).json.state, "it may be told of again").toBe("running");
});

test("breaking takes the scope chaos and every site, reading the scope read", async () => {
  const stage = await chaosStage();
  const body = { experiment: "kill-edge" };
  const bound = { ...holding("chaos", "read"), sites: ["default"] };
  expect((await stage.ask("/chaos", { body, by: holding("read", "purge", "policy", "warm") })).status).toBe(
    403,
  );
  expect((await stage.ask("/chaos", { body, by: bound })).status).toBe(403);
  const { id } = (await stage.ask("/chaos", { body, by: holding("chaos") })).json;
  expect((await stage.ask(`/chaos/${id}`, { by: holding("read") })).status).toBe(200);
  expect((await stage.ask(`/chaos/${id}`, { by: holding("chaos") })).status).toBe(403);
  expect((await stage.ask(`/chaos/${id}`, { method: "DELETE", by: holding("read") })).status).toBe(403);
  expect((await stage.ask(`/chaos/${id}`, { method: "DELETE", by: bound })).status).toBe(403);
  expect((await stage.ask("/chaos/nobody", { by: holding("read") })).status).toBe(404);
});

test("an abort is the agent's to carry out, is audited once, and changes nothing that is over", async () => {
  const stage = await chaosStage();
  const { id } = (await start(stage)).json;
  const aborted = await stage.ask(`/chaos/${id}`, { method: "DELETE" });
  expect([aborted.status, aborted.json.state]).toEqual([200, "aborted"]);
  expect((await stage.ask(`/chaos/${id}`, { method: "DELETE" })).json).toEqual(aborted.json);
  expect((await stage.records()).map(({ action }) => action)).toEqual(["chaos.start", "chaos.abort"]);
  expect((await start(stage)).status, "the next may run").toBe(202);
});

test("the list has the newest first, page by page, the one that runs as its agent tells it", async () => {
  const stage = await chaosStage();
  const ids: string[] = [];
  for (const experiment of ["kill-edge", "origin-down", "flush-shard"]) {
    const { id } = (await start(stage, { experiment })).json;
    ids.unshift(id);
    if (experiment !== "flush-shard") ends(stage, id);
  }
  const running = stage.agent.reports.get(ids[0] ?? "");
  if (running !== undefined) stage.agent.reports.set(running.id, { ...running, phase: "fault" });
  const first = (await stage.ask("/chaos?limit=2")).json;
  expect(first.items[0]).toMatchObject({ id: ids[0], state: "running", phase: "fault" });
  expect(first.items[0]).not.toHaveProperty("timeline");
  const second = (await stage.ask(`/chaos?limit=2&cursor=${first.nextCursor}`)).json;
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
  expect(second.nextCursor).toBeNull();
  expect((await stage.ask("/chaos?cursor=x")).status).toBe(400);
});

test("the catalogue says what each experiment breaks, and of what there is one", async () => {
  const stage = await chaosStage();
  const { enabled, items } = (await stage.ask("/chaos/experiments")).json;
  expect(enabled).toBe(true);
  expect(items).toHaveLength(13);
  expect(items.find(({ experiment }: { experiment: string }) => experiment === "kill-shard")).toMatchObject({
    ...{ target: "shard", targets: ["control", "shard-2"] },
  });
});
