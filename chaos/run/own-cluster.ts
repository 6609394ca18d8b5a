// The cluster that `npm run chaos` breaks where it is given none: four databases, four edges, thrown away afterwards.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../../dev/cluster.ts";
import { freePort, freePortRange } from "../../dev/ports.ts";
import { findRedisServer } from "../../dev/redis/launch.ts";
import { writeBundles } from "../../dev/workers.ts";
import { type BrokenBuild, changeFor } from "./broken-builds.ts";

/** Of four edges one may be broken; of three databases beside `control` any. */
export const OWN = { edges: 4, databases: 4 } as const;

export interface OwnCluster {
  readonly control: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** Below the temporary directory; on an in-process store where there is no redis-server. */
export async function startOwnCluster(broken: BrokenBuild | null): Promise<OwnCluster> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-chaos-"));
  const changed = broken === null ? null : changeFor(broken);
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    const cluster = await startCluster(
      {
        ...{ origin: null, edges: OWN.edges, edgePort: await freePortRange(OWN.edges) },
        ...{ controlPort: await freePort(), token: null, data: dir, policies: null },
        redis: { kind: findRedisServer() === null ? "embedded" : "server", databases: OWN.databases },
        ...{ push: true, chaos: true as const },
      },
      null,
      (data) => writeBundles(data, changed, "everywhere"),
    );
    return {
      ...{ control: cluster.control, token: cluster.token },
      async stop() {
        await cluster.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
