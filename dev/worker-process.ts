// One worker in one process: a Miniflare with its own disk, a port for each isolate, which ends when its parent does.

import { existsSync, readFileSync } from "node:fs";
import { createRequire, flushCompileCache } from "node:module";
import { dirname } from "node:path";
import { childConfiguration } from "./child-configuration.ts";

interface Isolate {
  readonly name: string;
  readonly port: number;
  readonly bindings: Readonly<Record<string, string>>;
}

/** Sent by the supervisor as the first message. */
export interface WorkerProcessConfig extends Isolate {
  /** More isolates of the same data centre: of the same module, with the same Cache API. */
  readonly beside?: readonly Isolate[];
  /** The bundled module. */
  readonly scriptPath: string;
  /** Of the runtime, as the worker's own configuration for the network has them; none where left out. */
  readonly compatibilityFlags?: readonly string[];
  /** `host:port` of plain HTTP; null = the worker's own fetch. */
  readonly origin: { readonly address: string } | null;
  readonly cacheDir: string | null;
  /** Where an R2 bucket of its own is kept; none where left out. */
  readonly bucketDir?: string;
  /** For the runtime's temporary files; null = the system's. */
  readonly scratchDir: string | null;
  readonly durableObjects: {
    readonly dir: string;
    readonly classes: Readonly<Record<string, string>>;
  } | null;
}

const COMPATIBILITY_DATE = "2026-07-01";

/**
 * A small young generation: the runtime's own objects (requests, streams) hang on short-lived JavaScript ones, and with
 * the default of 16 MiB they pile up to several hundred MiB before they are collected.
 */
process.env.MINIFLARE_WORKERD_V8_FLAGS ??= "--max-semi-space-size=4";

/** Required: of what is imported, a package that does not say its format is compiled once more to find that out (0.2 s). */
const { Miniflare } = createRequire(import.meta.url)("miniflare") as typeof import("miniflare");

const originBinding = ({ address }: NonNullable<WorkerProcessConfig["origin"]>) => ({
  external: { address, http: {} },
});

const workerOf = (config: WorkerProcessConfig, { name, port, bindings }: Isolate) => ({
  name,
  modulesRoot: dirname(config.scriptPath),
  // All modules there are: told to look for them itself, it parses the bundle, which takes longer than all the rest.
  modules: [
    {
      type: "ESModule" as const,
      path: config.scriptPath,
      contents: readFileSync(config.scriptPath, "utf8"),
    },
  ],
  compatibilityDate: COMPATIBILITY_DATE,
  compatibilityFlags: [...(config.compatibilityFlags ?? [])],
  bindings: { ...bindings },
  ...(config.origin === null ? {} : { serviceBindings: { ORIGIN: originBinding(config.origin) } }),
  ...(config.bucketDir === undefined ? {} : { r2Buckets: ["BLOBS"] }),
  ...(config.durableObjects === null
    ? {}
    : {
        durableObjects: Object.fromEntries(
          Object.entries(config.durableObjects.classes).map(([binding, className]) => [
            binding,
            { className, useSQLite: true },
          ]),
        ),
      }),
  unsafeDirectSockets: [{ host: "127.0.0.1", port }],
});

async function run(config: WorkerProcessConfig): Promise<void> {
  if (config.scratchDir !== null) process.env.TMPDIR = config.scratchDir;
  const miniflare = new Miniflare({
    ...(config.cacheDir === null ? {} : { cachePersist: config.cacheDir }),
    ...(config.bucketDir === undefined ? {} : { r2Persist: config.bucketDir }),
    ...(config.durableObjects === null ? {} : { durableObjectsPersist: config.durableObjects.dir }),
    workers: [config, ...(config.beside ?? [])].map((isolate) => workerOf(config, isolate)),
    host: "127.0.0.1",
    port: 0,
    cf: false,
    logRequests: false,
    telemetry: { enabled: false },
    handleRuntimeStdio: (stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream) => {
      stdout.resume();
      stderr.pipe(process.stderr);
    },
  });
  await miniflare.ready;
  process.send?.({ kind: "ready" });
  // Killed in the end, it would leave nothing for the next process of its kind.
  flushCompileCache();
}

/** The whole group: workerd would otherwise go on serving on its port without us. */
function endGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}

process.on("disconnect", endGroup);
process.on("SIGTERM", endGroup);
// A terminal's interrupt reaches everybody; the supervisor decides when we end.
process.on("SIGINT", () => undefined);

const config = await childConfiguration<WorkerProcessConfig>();
if (!existsSync(config.scriptPath)) throw new Error(`There is no worker at ${config.scriptPath}`);
run(config).catch((error: unknown) => {
  process.stderr.write(`${config.name}: ${error instanceof Error ? error.message : String(error)}\n`);
  endGroup();
});
