// Experiments on a real cluster whose build is whole: one that passes, and one whose agent dies.

import { expect, test } from "vitest";
import { agentOf, failing, orderFor } from "../support/chaos-agent.ts";
import { startTestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";
import { clusterStage } from "../support/stage.ts";

/** What depends on how quickly anything is done: `npm run chaos` is for machines that have nothing else to do. */
const OF_A_BUSY_MACHINE = ["steady-state", "client-errors", "hit-rate-recovery", "convergence"];

const stage = clusterStage(() => startTestCluster({ chaos: true }));

test("an edge is killed and nobody notices; then its killer dies, and what he broke is healed", async () => {
  const cluster = stage();
  const agent = agentOf(cluster);
  const before = cluster.edges[1]?.pid();
  await agent.begin(orderFor(6000));
  const report = await agent.ended("one");
  expect(report).toMatchObject({ problem: null, target: "edge-2", phase: "over" });
  expect(failing(report).filter((name) => !OF_A_BUSY_MACHINE.includes(name))).toEqual([]);
  const effect = report.verdicts.find(({ name }) => name === "took-effect");
  expect(effect).toMatchObject({ holds: true, unit: "requests" });
  // Kept waiting by a busy machine, but never refused, broken off or answered with an error.
  expect(report.verdicts.find(({ name }) => name === "client-errors")?.text).toMatch(
    /^Requests that clients saw fail(: \d+ × silent \([^×]*\))?$/,
  );
  expect(cluster.edges[1]?.pid()).not.toBe(before);

  await agent.begin({ ...orderFor(60_000), id: "two", experiment: "evict-edge" });
  await until(
    () => cluster.edges[1]?.pid() ?? null,
    (pid) => pid === null,
    { withinMs: 20_000 },
  );
  process.kill(cluster.chaosAgentPid() ?? 0, "SIGKILL");
  await until(
    () => cluster.edges[1]?.pid() ?? null,
    (pid) => pid !== null,
    { withinMs: 5000 },
  );
}, 120_000);
