// Edges that take purges in and do not heed them: the auditor finds it out within the class's window, and an experiment does.

import { expect, test } from "vitest";
import { BROKEN_BUILDS, changeFor } from "../../chaos/run/broken-builds.ts";
import { agentOf, failing, orderFor } from "../support/chaos-agent.ts";
import { startTestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";
import { clusterStage } from "../support/stage.ts";
import { AUDITED_POLICY, askForPages, servePages, staleFigures } from "./audited-pages.ts";

/** Of the class `hot`. */
const WINDOW_MS = 5000;

const stage = clusterStage(() => {
  const build = BROKEN_BUILDS["purges-unheeded"];
  if (build === undefined) throw new Error("there is no such build");
  return startTestCluster({ chaos: true, changed: changeFor(build), policies: [AUDITED_POLICY] });
});

test("an edge that does not heed a purge is caught by the auditor within one window", async () => {
  const faulty = stage();
  await servePages(faulty);
  const receipt = await faulty.purge({ tags: ["news"] });
  expect(receipt.edges.map((row: { state: string }) => row.state)).toEqual(["applied", "applied", "applied"]);
  const purgedAt = performance.now();
  expect((await faulty.get(0, "/audited/0")).cacheStatus).toMatch(/^tidegate-l1; hit/);
  const found = await until(
    async () => {
      await askForPages(faulty);
      return staleFigures(faulty);
    },
    ({ violations }) => violations > 0,
    { withinMs: WINDOW_MS },
  );
  expect(performance.now() - purgedAt).toBeLessThan(WINDOW_MS);
  expect(found.byClass.hot.l1Memory.violations).toBeGreaterThan(0);
  expect(found.lastViolation).toMatchObject({ class: "hot", rule: "lost-invalidation", selector: "tag" });
}, 60_000);

test("what is served after its purge is seen by an experiment", async () => {
  const agent = agentOf(stage());
  await agent.begin(orderFor(4000));
  const report = await agent.ended("one");
  expect(report.state).toBe("failed");
  expect(failing(report)).toContain("stale-serves");
}, 120_000);
