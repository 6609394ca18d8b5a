// Three edges over four shards: what a crowd costs them, and what clients notice when one is killed.

import { describe } from "vitest";
import { startTestCluster } from "../support/cluster.ts";
import { ShardServers } from "../support/shard-servers.ts";
import { clusterStage } from "../support/stage.ts";
import { crowd } from "./crowd.ts";
import { type ShardedCluster, shards, ZIPF_POLICY } from "./shards.ts";

const stage = clusterStage(async (): Promise<ShardedCluster> => {
  const servers = new ShardServers();
  await servers.begin(4);
  const cluster = await startTestCluster({
    redis: { kind: "urls", urls: servers.urls },
    policies: [{ key_pattern: "/hot/*", class: "hot" }, ZIPF_POLICY],
  });
  return {
    ...{ ...cluster, servers },
    async stop() {
      await cluster.stop();
      await servers.end();
    },
  };
});

describe("a crowd", () => crowd(stage));
describe("a dead shard", () => shards(stage));
