// What every comparison of the hit path has: an origin with one answer, an edge before it, and who is measured beside it.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cluster } from "../../dev/cluster.ts";
import { writeBundles } from "../../dev/workers.ts";
import { startSystem } from "../outside/start-system.ts";
import { type Answer, answerOf } from "./answer.ts";
import { CONNECTIONS, pathOf, type Target } from "./rounds.ts";
import { given, type Started, startWorker } from "./worker.ts";

export interface StagePlan {
  readonly size: number;
  readonly cacheControl?: string;
  /** Edges whose ordinary class has no memory: in place of its line `memoryBudget`, these. */
  readonly standard?: string;
  readonly redis?: Parameters<typeof startSystem>[0]["redis"];
}

export interface Stage {
  readonly dir: string;
  readonly cluster: Cluster;
  readonly edge: Target;
  /** Its answer in the state that is measured. */
  readonly answer: Answer;
  readonly originPort: number;
  /** A worker of `bench/workers` that gives the edge's answer. */
  worker(
    file: string,
    more?: { readonly origin?: string; readonly bindings?: Record<string, string> },
  ): Promise<Started>;
  /** Ended with the stage. */
  ends<T extends { stop(): Promise<void> }>(started: T): T;
}

/** Asked so often, an edge has stored what it stores, and knows what it does not. */
const ASKED_BEFORE = 5;

export async function onStage<T>(plan: StagePlan, act: (stage: Stage) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const origin = await startOrigin(plan);
    stops.push(() => origin.close());
    const { standard, redis } = plan;
    const bundling = standard === undefined ? {} : { bundling: bundlesWith(standard) };
    const cluster = await startSystem({ dir, origin, edges: 1, ...bundling, ...(redis && { redis }) });
    stops.push(() => cluster.stop());
    const port = Number(new URL(cluster.edges[0]?.url ?? "").port);
    const own = Array.from({ length: CONNECTIONS }, (_, connection) => pathOf("its own", connection));
    const paths = ["/", ...own];
    for (let asked = 0; asked < ASKED_BEFORE; asked++) for (const path of paths) await answerOf(port, path);
    const answer = await answerOf(port);
    const ends = <S extends { stop(): Promise<void> }>(started: S): S => {
      stops.push(() => started.stop());
      return started;
    };
    return await act({
      ...{ dir, cluster, answer, ends },
      edge: { port, pid: cluster.edges[0]?.pid() ?? 0, rounds: [] },
      originPort: (origin.address() as AddressInfo).port,
      worker: async (file, { origin: to, bindings } = {}) =>
        ends(
          await startWorker({
            ...{ file, dir, bindings: { ANSWER: given(answer), ...bindings } },
            ...(to !== undefined && { origin: to }),
          }),
        ),
    });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function bundlesWith(standard: string): typeof writeBundles {
  const path = fileURLToPath(new URL("../../shared/core/classes.ts", import.meta.url));
  const change = (text: string): string => {
    const at = text.indexOf('name: "standard"');
    const changed = text.slice(at).replace(/ {2}memoryBudget: .*\n(?:.*\n)*? {2}cacheApi: .*\n/, standard);
    if (at < 0 || changed === text.slice(at)) throw new Error("the class has no such lines");
    return text.slice(0, at) + changed;
  };
  return (data) => writeBundles(data, { path, change });
}

export function startOrigin({ size, cacheControl = "public, max-age=3600" }: StagePlan): Promise<Server> {
  const body = Buffer.alloc(size, "a");
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      "content-type": "text/plain",
      "content-length": body.length,
      "cache-control": cacheControl,
      etag: '"one-kibibyte"',
    });
    response.end(body);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
