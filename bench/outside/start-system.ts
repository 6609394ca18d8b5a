// The whole system for a benchmark: on free ports, with its data below a directory, before an origin in this process.

import { writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bundling, type Cluster, startCluster } from "../../dev/cluster.ts";
import type { Network } from "../../dev/network.ts";
import type { StartOptions } from "../../dev/options.ts";
import { freePort, freePortRange } from "../../dev/ports.ts";

export interface SystemOf
  extends Partial<Pick<StartOptions, "redis" | "token" | "protection" | "lastUncounted">> {
  readonly dir: string;
  readonly origin: Server;
  readonly edges: number;
  /** Where workers are not bundled as they are. */
  readonly bundling?: Bundling;
  /** Where workers find the others; where they are, if left out. */
  readonly network?: Network;
  /** Rows of the metadata table; none where left out. */
  readonly policies?: readonly unknown[];
}

export async function startSystem(of: SystemOf): Promise<Cluster> {
  const { dir, origin, edges, protection } = of;
  const policies = of.policies === undefined ? null : join(dir, "policies.json");
  if (policies !== null) writeFileSync(policies, JSON.stringify(of.policies));
  const options = {
    origin: new URL(`http://127.0.0.1:${(origin.address() as AddressInfo).port}`),
    ...{ edges, edgePort: await freePortRange(edges), controlPort: await freePort() },
    redis: of.redis ?? { kind: "server", databases: 1 },
    ...{ token: of.token ?? null, data: join(dir, "data"), policies, push: true },
    ...(protection !== undefined && { protection }),
    ...(of.lastUncounted && { lastUncounted: of.lastUncounted }),
  };
  return startCluster(options, of.network ?? null, of.bundling);
}

/** A shard that has just come warms up before it is read. */
export async function untilServing({ control, token }: Cluster, shards: number): Promise<void> {
  for (const giveUpAt = performance.now() + 60_000; performance.now() < giveUpAt; await pause(250)) {
    const answer = await fetch(`${control}/shards`, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    if (text.split('"serving"').length - 1 >= shards) return;
  }
  throw new Error("not all shards serve");
}
