// Traces of a control plane that really runs as a Worker: contexts that don't meet, and a collector that hangs.

import { beforeAll, expect, test } from "vitest";
import { type ClusterSetUp, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { type CollectedSpan, type Collector, startCollector } from "../support/collector.ts";
import { ask, until } from "../support/http.ts";

export interface TracedCluster extends TestCluster {
  readonly collector: Collector;
}

/** Has its traces collected. */
export async function startTraced(setUp: ClusterSetUp): Promise<TracedCluster> {
  const collector = await startCollector();
  const handedOn = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: "tide" };
  const cluster = await startTestCluster({ ...setUp, handedOn, faults: false });
  return {
    ...{ ...cluster, collector },
    async stop() {
      await cluster.stop();
      await collector.close();
    },
  };
}

/** Declares the tests, after which the collector hangs. */
export function traces(stage: () => TracedCluster): void {
  let cluster: TestCluster;
  let collector: Collector;
  beforeAll(() => {
    ({ collector } = stage());
    cluster = stage();
  });

  const traceId = (n: number): string => String(n).padStart(32, "a");

  function purge(n: number) {
    return ask(`${cluster.control}/invalidate`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${cluster.token}`,
        "content-type": "application/json",
        traceparent: `00-${traceId(n)}-00f067aa0ba902b7-01`,
      },
      body: JSON.stringify({ tags: [`hush-${n}`], wait: true }),
    });
  }

  test("purges at once are a trace each: their own request, Redis calls and pushes, and nothing of each other's", async () => {
    collector.exports.length = 0;
    const purges = Array.from({ length: 12 }, (_, n) => n + 1);
    const answers = await Promise.all(purges.map(purge));
    expect(answers.map(({ status }) => status)).toEqual(purges.map(() => 200));
    const served = (n: number) =>
      collector.spans().find((span) => span.traceId === traceId(n) && span.kind === 2);
    await until(() => purges.every((n) => served(n) !== undefined), Boolean, { withinMs: 10_000 });
    for (const n of purges) {
      expect(served(n)).toMatchObject({ name: "POST /invalidate", parentSpanId: "00f067aa0ba902b7" });
      const calls = collector.spans().filter((span) => span.traceId === traceId(n) && span.kind === 3);
      for (const call of calls) expect(call.parentSpanId).toBe(served(n)?.spanId);
      const edges = calls.filter(({ name }) => name === "edge /.tidegate/push").map(edgeOf);
      expect(edges.sort()).toEqual(cluster.edges.map(({ id }) => id).sort());
      expect(calls.some(({ name }) => name === "redis control")).toBe(true);
    }
    const text = collector.exports.map((one) => one.text).join();
    for (const secret of [cluster.token, "hush-"]) expect(text).not.toContain(secret);
  });

  const edgeOf = ({ attributes }: CollectedSpan): string => String(attributes["tidegate.edge"]);

  test("a collector that hangs holds up nobody", async () => {
    collector.answers = null;
    const before = collector.exports.length;
    for (let n = 100; n < 140; n += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, (_, more) => purge(n + more)));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    await until(
      () => collector.exports.length,
      (seen) => seen > before,
      { withinMs: 5_000 },
    );
  });
}
