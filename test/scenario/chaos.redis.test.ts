// Experiments on a real cluster: one that passes, one whose agent dies, and a build that is broken on purpose.

import { describe, expect, test } from "vitest";
import { BROKEN_BUILDS, changeFor } from "../../chaos/run/broken-builds.ts";
import { signedCall } from "../../chaos/signed-call.ts";
import { keptSecret } from "../../dev/secrets.ts";
import { CHAOS_AGENT_PATH, type ChaosOrder, type ChaosReport } from "../../shared/wire/chaos.ts";
import { startTestCluster, type TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const WITHIN_MS = 75_000;

/** The agent is asked itself: what the control plane makes of orders is tried elsewhere. */
function agentOf(cluster: TestCluster) {
  const key = keptSecret(cluster.data, "cluster-key");
  const url = `${cluster.chaosAgent}${CHAOS_AGENT_PATH}`;
  const read = async (id: string): Promise<ChaosReport | null> => {
    const answer = await signedCall(`${url}/${id}`, { key, method: "GET" }).catch(() => null);
    return answer?.status === 200 ? (JSON.parse(answer.text) as ChaosReport) : null;
  };
  return {
    read,
    begin: (order: ChaosOrder) => signedCall(url, { key, method: "POST", body: JSON.stringify(order) }),
    ended: (id: string) =>
      until(
        () => read(id),
        (report) => report !== null && report.state !== "running",
        {
          withinMs: WITHIN_MS,
          everyMs: 250,
        },
      ) as Promise<ChaosReport>,
  };
}

const order = (more: Partial<ChaosOrder>): ChaosOrder => ({
  ...{ id: "one", experiment: "kill-edge", target: "edge-2", durationMs: 3000, seed: 1 },
  ...more,
});

/** What depends on how quickly anything is done: `npm run chaos` is for machines that have nothing else to do. */
const OF_A_BUSY_MACHINE = ["steady-state", "client-errors", "hit-rate-recovery", "convergence"];

const failing = ({ verdicts }: ChaosReport): string[] =>
  verdicts.filter(({ holds }) => !holds).map(({ name }) => name);

describe("on a build that is whole", () => {
  test("an edge is killed and nobody notices; then its killer dies, and what he broke is healed", async () => {
    const cluster = await startTestCluster({ chaos: true });
    try {
      const agent = agentOf(cluster);
      const before = cluster.edges[1]?.pid();
      await agent.begin(order({ durationMs: 6000 }));
      const report = await agent.ended("one");
      expect(report).toMatchObject({ problem: null, target: "edge-2", phase: "over" });
      expect(failing(report).filter((name) => !OF_A_BUSY_MACHINE.includes(name))).toEqual([]);
      const effect = report.verdicts.find(({ name }) => name === "took-effect");
      expect(effect).toMatchObject({ holds: true, unit: "requests" });
      // Kept waiting by a busy machine, but never refused, broken off or answered with an error.
      expect(report.verdicts.find(({ name }) => name === "client-errors")?.text).toMatch(
        /^Requests that clients saw fail(: \d+ × silent)?$/,
      );
      expect(cluster.edges[1]?.pid()).not.toBe(before);

      await agent.begin(order({ id: "two", experiment: "evict-edge", durationMs: 60_000 }));
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
    } finally {
      await cluster.stop();
    }
  }, 120_000);
});

describe("on a build that is broken", () => {
  test("what is served after its purge is seen", async () => {
    const build = BROKEN_BUILDS["purges-unheeded"];
    if (build === undefined) throw new Error("there is no such build");
    const cluster = await startTestCluster({ chaos: true, changed: changeFor(build) });
    try {
      const agent = agentOf(cluster);
      await agent.begin(order({ durationMs: 4000 }));
      const report = await agent.ended("one");
      expect(report.state).toBe("failed");
      expect(failing(report)).toContain("stale-serves");
    } finally {
      await cluster.stop();
    }
  }, 120_000);
});
