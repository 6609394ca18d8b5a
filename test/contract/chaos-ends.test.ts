// How experiments end: handed over by their agent, once; or without one that would, within a bound, never running for ever.

import { expect, test } from "vitest";
import { watchExperiment } from "../../control-plane/chaos/follow.ts";
import { LIMITS } from "../../control-plane/config.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { chaosReport } from "../support/chaos-report.ts";
import { type ChaosStage, chaosStage } from "../support/chaos-stage.ts";
import { passing } from "../support/virtual-plane.ts";

const begin = async (stage: ChaosStage): Promise<string> =>
  (await stage.ask("/chaos", { body: { experiment: "kill-edge", target: "edge-2" } })).json.id;

const later = (stage: ChaosStage, ms: number) => stage.time.runUntil(stage.time.now + ms);

test("a report that is handed over is kept and audited once, however often it is told", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  const report = chaosReport({ id });
  expect(await stage.handOver(report)).toBe(200);
  expect(await stage.handOver(report)).toBe(200);
  expect(await stage.handOver({ ...report, state: "failed" }), "told first, told for good").toBe(200);
  stage.agent.reports.clear();
  expect((await stage.ask(`/chaos/${id}`)).json).toMatchObject({ state: "passed", actor: "admin" });
  const records = await stage.records();
  expect(records.map(({ action, actor }) => [action, actor])).toEqual([
    ["chaos.start", "admin"],
    ["chaos.end", "admin"],
  ]);
});

test("one that was begun elsewhere is taken in when it is over", async () => {
  const stage = await chaosStage();
  expect(await stage.handOver(chaosReport({ id: "other", state: "failed" }))).toBe(200);
  expect((await stage.ask("/chaos/other")).json).toMatchObject({ state: "failed", actor: null });
  expect((await stage.records()).map(({ actor }) => actor)).toEqual(["chaos agent"]);
});

test.each([
  ["that runs still", { state: "running" }, 422],
  ["that is aborted and not healed yet", { state: "aborted", endedAt: null }, 422],
  ["of another shape", { verdicts: "none" }, 422],
  ["with a name that is none", { id: "../x" }, 422],
  ["with more seconds than a day of charts", { timeline: Array(2000).fill(chaosReport().timeline[0]) }, 422],
  ["with a text of a megabyte", { hypothesis: "x".repeat(1_100_000) }, 413],
])("a report %s is not taken in", async (_name, changes, status) => {
  const stage = await chaosStage();
  expect(await stage.handOver({ ...chaosReport(), ...changes })).toBe(status);
  expect((await stage.ask("/chaos")).json.items).toEqual([]);
});

test("without the cluster's key there is nothing to hand a report to", async () => {
  const stage = await chaosStage();
  expect(await stage.handOver(chaosReport(), "another key")).toBe(404);
});

test("an agent that is not heard of any more has its experiment aborted within a bound", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  stage.agent.isThere = false;
  await later(stage, LIMITS.chaosSilentFor - 1000);
  expect((await stage.ask(`/chaos/${id}`)).json.state, "it may come back").toBe("running");
  await later(stage, 2000);
  const { json } = await stage.ask(`/chaos/${id}`);
  expect(json).toMatchObject({ state: "aborted", phase: "over", problem: expect.stringContaining("agent") });
  expect(json.endedAt).not.toBeNull();
  expect((await stage.records()).map(({ action }) => action)).toEqual(["chaos.start", "chaos.abort"]);
  stage.agent.isThere = true;
  expect(await begin(stage), "the next one may run").not.toBe(id);
});

test("one whose agent takes nothing from here any more is not taken for one that is unknown", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  stage.agent.key = "another-cluster's";
  await later(stage, LIMITS.chaosOrderedFor + 1000);
  expect((await stage.ask(`/chaos/${id}`)).json.state, "it may be told of again").toBe("running");
  await later(stage, LIMITS.chaosSilentFor);
  const { json } = await stage.ask(`/chaos/${id}`);
  expect(json).toMatchObject({ state: "aborted", problem: expect.stringContaining("wrong signature") });
});

test("an agent that was started anew knows nothing of it: it is aborted, but not while its order travels", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  stage.agent.reports.clear();
  expect((await stage.ask(`/chaos/${id}`)).json.state).toBe("running");
  await later(stage, LIMITS.chaosOrderedFor + 1000);
  expect((await stage.ask(`/chaos/${id}`)).json.state).toBe("aborted");
});

test("one that is aborted is over when it is healed: until then its agent is asked, and no other begins", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  const running = stage.agent.reports.get(id);
  if (running === undefined) throw new Error("it does not run");
  stage.agent.reports.set(id, { ...running, state: "aborted" });
  expect((await stage.ask(`/chaos/${id}`)).json).toMatchObject({ state: "aborted", endedAt: null });
  expect((await stage.ask("/chaos", { body: { experiment: "kill-edge" } })).status).toBe(409);
  stage.agent.reports.set(id, chaosReport({ id, state: "aborted", problem: "it was ended early" }));
  expect((await stage.ask(`/chaos/${id}`)).json).toMatchObject({ state: "aborted", phase: "over" });
  expect((await stage.ask("/chaos", { body: { experiment: "kill-edge" } })).status).toBe(202);
});

test("one that never ends is stopped", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  await later(stage, LIMITS.chaosRunsAtMost + 1000);
  expect((await stage.ask(`/chaos/${id}`)).json.state).toBe("aborted");
  expect(stage.agent.reports.get(id)?.state).toBe("aborted");
});

test("its end comes though nobody looks, and an agent that is slow is not taken for one that is gone", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  for (let looks = 0; looks < 12; looks++) {
    await later(stage, LIMITS.chaosLookEvery);
    await passing(stage.time, watchExperiment(stage.plane), 20);
  }
  stage.agent.isThere = false;
  await later(stage, LIMITS.chaosSilentFor - 5000);
  await passing(stage.time, watchExperiment(stage.plane), 20);
  expect((await stage.ask("/chaos")).json.items[0]).toMatchObject({ id, state: "running" });
  await later(stage, 10_000);
  await passing(stage.time, watchExperiment(stage.plane), 20);
  const read = await passing(stage.time, stage.plane.experiments.read(id));
  expect(read.kind === "experiment" && read.experiment.isOver).toBe(true);
});

test("while Redis is what was broken, the agent tells, and its report is taken when Redis is back", async () => {
  let isAway = false;
  const away = { kind: "unavailable", reason: "test" } as const;
  const through = (redis: Redis): Redis => ({
    run: async (commands, deadline) => (isAway ? away : redis.run(commands, deadline)),
  });
  const stage = await chaosStage({ through });
  const id = await begin(stage);
  isAway = true;
  expect((await stage.ask(`/chaos/${id}`)).json).toMatchObject({ state: "running", actor: null });
  expect((await stage.ask("/chaos/nobody")).status).toBe(503);
  expect(await stage.handOver(chaosReport({ id })), "the agent tries again").toBe(503);
  isAway = false;
  expect(await stage.handOver(chaosReport({ id }))).toBe(200);
});

test("begin and end are marked on the charts, with what came of it", async () => {
  const stage = await chaosStage();
  const id = await begin(stage);
  await later(stage, 60_000);
  await stage.handOver(chaosReport({ id, state: "failed" }));
  const { items } = (await stage.ask("/markers?window=1h")).json;
  expect(items.filter(({ kind }: { kind: string }) => kind === "chaos")).toMatchObject([
    { text: "chaos begins: kill-edge edge-2, by admin", link: `/chaos/${id}` },
    { text: "chaos ends: kill-edge edge-2 failed", link: `/chaos/${id}` },
  ]);
});
