// Workers as peers: each node on a workerd of its own, with its own Cache API, and the origin as a binding.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../../dev/bundle.ts";
import { freePortRange } from "../../dev/ports.ts";
import { supervise } from "../../dev/supervise.ts";
import type { WorkerProcessConfig } from "../../dev/worker-process.ts";
import type { Peer } from "./peer.ts";

export interface WorkersOf {
  readonly name: string;
  /** In `bench/workers`. */
  readonly script: string;
  readonly nodes: number;
  /** `host:port` */
  readonly origin: string;
  readonly dir: string;
}

export async function startWorkers({ name, script, nodes, origin, dir }: WorkersOf): Promise<Peer> {
  const scriptPath = join(dir, `${script.replace(/\.js$/, "")}.bundle.js`);
  writeFileSync(
    scriptPath,
    await bundleWorker(fileURLToPath(new URL(`../workers/${script}`, import.meta.url))),
  );
  const first = await freePortRange(nodes);
  const ports = Array.from({ length: nodes }, (_, node) => first + node);
  const processes = ports.map((port) => superviseWorker({ name, port, scriptPath, origin }));
  await Promise.all(processes.map(({ ready }) => ready));
  return {
    ...{ name, ports },
    pids: () => processes.flatMap((one) => one.pid() ?? []),
    async stop() {
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}

function superviseWorker(of: { name: string; port: number; scriptPath: string; origin: string }) {
  const { name, port, scriptPath, origin } = of;
  const configuration: WorkerProcessConfig = {
    ...{ name, port, scriptPath, bindings: {}, origin: { address: origin } },
    ...{ cacheDir: null, scratchDir: null, durableObjects: null },
  };
  const module = fileURLToPath(new URL("../../dev/worker-process.ts", import.meta.url));
  return supervise({ name, module, configuration, restartAfterMs: 1000 });
}
