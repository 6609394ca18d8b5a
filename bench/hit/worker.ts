// A worker beside the edges, in a process of its own as theirs: what a hit is compared with.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../../dev/bundle.ts";
import { freePort } from "../../dev/ports.ts";
import { supervise } from "../../dev/supervise.ts";
import type { WorkerProcessConfig } from "../../dev/worker-process.ts";
import type { Answer } from "./answer.ts";
import type { Target } from "./rounds.ts";

export interface WorkerPlan {
  /** A file of `bench/workers`. */
  readonly file: string;
  readonly dir: string;
  readonly bindings?: Readonly<Record<string, string>>;
  /** `host:port` */
  readonly origin?: string;
}

export interface Started extends Target {
  stop(): Promise<void>;
}

export async function startWorker({ file, dir, bindings = {}, origin }: WorkerPlan): Promise<Started> {
  const name = file.replace(/\.js$/, "");
  const place = join(dir, "workers");
  mkdirSync(place, { recursive: true });
  const scriptPath = join(place, file);
  writeFileSync(
    scriptPath,
    await bundleWorker(fileURLToPath(new URL(`../workers/${file}`, import.meta.url))),
  );
  const port = await freePort();
  const configuration: WorkerProcessConfig = {
    ...{ name, port, scriptPath, bindings, durableObjects: null, scratchDir: null },
    origin: origin === undefined ? null : { address: origin },
    cacheDir: join(dir, `${name}-cache`),
  };
  const module = fileURLToPath(new URL("../../dev/worker-process.ts", import.meta.url));
  const process = supervise({ name, module, configuration, restartAfterMs: 1000 });
  await process.ready;
  return { port, pid: process.pid() ?? 0, rounds: [], stop: () => process.stop() };
}

/** The answer that the edge gave, for a worker to give again. The runtime states the length itself. */
export const given = ({ status, headers, body }: Answer): string =>
  JSON.stringify({
    status,
    headers: headers.filter(([name]) => name.toLowerCase() !== "content-length"),
    size: body.length,
  });
