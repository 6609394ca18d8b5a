// A whole cluster for a scenario: real processes, free ports, a data directory of its own, and the control plane at hand.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, startCluster } from "../../dev/cluster.ts";
import type { StartOptions } from "../../dev/options.ts";
import { requireFreePorts } from "../../dev/ports.ts";
import { ask, type Got } from "./http.ts";
import { startTestOrigin, type TestOrigin } from "./origin.ts";

export interface TestCluster extends Cluster {
  readonly site: TestOrigin;
  /** GET of a path at the n-th edge, 0 first, as `Host: site.test` unless told otherwise. */
  get(edge: number, path: string, headers?: Readonly<Record<string, string>>): Promise<Got>;
  /** A call of the control plane with the admin token. */
  call(method: string, path: string, body?: unknown): Promise<Got & { readonly json: Json }>;
  /** `POST /invalidate` that waits for its receipt. */
  purge(selectors: Record<string, unknown>): Promise<Json>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are read by tests field by field
export type Json = any;

export interface ClusterSetUp extends Partial<Pick<StartOptions, "edges" | "push" | "redis">> {
  readonly policies?: readonly unknown[];
}

export const SITE_HOST = "site.test";

export async function startTestCluster(setUp: ClusterSetUp = {}): Promise<TestCluster> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  const site = await startTestOrigin();
  const policies = join(dir, "policies.json");
  writeFileSync(policies, JSON.stringify(setUp.policies ?? []));
  const edges = setUp.edges ?? 3;
  const cluster = await startCluster({
    origin: new URL(site.url),
    edges,
    edgePort: await freeRange(edges),
    controlPort: await freeRange(1),
    redis: setUp.redis ?? { kind: "server" },
    token: "a-token-for-tests",
    data: join(dir, "data"),
    policies,
    push: setUp.push ?? true,
  });
  return {
    ...cluster,
    site,
    get: (edge, path, headers = {}) =>
      ask(`${cluster.edges[edge]?.url}${path}`, { headers: { host: SITE_HOST, ...headers } }),
    call: (method, path, body) => call(cluster, { method, path, body }),
    async purge(selectors) {
      const answer = await call(cluster, {
        method: "POST",
        path: "/invalidate",
        body: { ...selectors, wait: true },
      });
      if (answer.status !== 200) throw new Error(`purge answered ${answer.status}: ${answer.text}`);
      return answer.json;
    },
    async stop() {
      await cluster.stop();
      await site.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function call(
  cluster: Cluster,
  given: { method: string; path: string; body: unknown },
): Promise<Got & { json: Json }> {
  const got = await ask(cluster.control + given.path, {
    method: given.method,
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" },
    ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
  });
  return { ...got, json: got.text === "" ? null : JSON.parse(got.text) };
}

/** Below the ports that the system hands to outgoing connections, which come and go. */
const RANGE = { from: 12_000, to: 30_000, tries: 50 };

/** As many consecutive ports as there are edges, free a moment ago. */
async function freeRange(count: number): Promise<number> {
  for (let attempt = 0; attempt < RANGE.tries; attempt++) {
    const first = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    const wanted = Array.from({ length: count }, (_, i) => ({ port: first + i, flag: "a test's" }));
    const taken = await requireFreePorts(wanted).then(
      () => false,
      () => true,
    );
    if (!taken) return first;
  }
  throw new Error(`no ${count} ports in a row are free`);
}
