// Two edges whose Redis is away from the very start; later one has nobody but the origin, and in the end both die and come back.

import { beforeAll, describe } from "vitest";
import { freePort } from "../../dev/ports.ts";
import { untilReady } from "../../dev/readiness.ts";
import { type FaultyCluster, startTestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";
import { ShardServers } from "../support/shard-servers.ts";
import { clusterStage } from "../support/stage.ts";
import { FENCED_POLICIES, fences } from "./fences.ts";
import { FILES_POLICY, large } from "./large.ts";
import { type LateCluster, redisAway } from "./redis-away.ts";

const stage = clusterStage(async (): Promise<FaultyCluster & LateCluster> => {
  const servers = new ShardServers();
  servers.ports.push(await freePort());
  const cluster = await startTestCluster({
    ...{ edges: 2, faults: true, away: true, buckets: true, policies: [...FENCED_POLICIES, FILES_POLICY] },
    redis: { kind: "urls", urls: servers.urls },
  });
  let started: Promise<void> | undefined;
  return {
    ...cluster,
    startRedis() {
      started ??= servers.launch(0);
      return started;
    },
    async stop() {
      await cluster.stop();
      await servers.end();
    },
  };
});

describe("without Redis", () => redisAway(stage));
describe("with it again", () => {
  beforeAll(async () => {
    const { startRedis, control, token, edges, site, get } = stage();
    await startRedis();
    await untilReady(control, { token, edges: edges.length });
    site.set("/well", { headers: { "cache-control": "max-age=600" }, body: "well" });
    for (const edge of edges.keys())
      await until(
        () => get(edge, "/well"),
        ({ cacheStatus }) => cacheStatus.startsWith("tidegate-l1; hit"),
        { withinMs: 20_000, everyMs: 200 },
      );
  }, 60_000);
  describe("beyond the window", () => fences(stage));
  describe("large files", () => large(stage));
});
