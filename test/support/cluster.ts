// A whole cluster for a scenario: real processes, free ports, a data directory of its own, and the control plane at hand.

import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceChange } from "../../dev/bundle.ts";
import { type Cluster, startCluster } from "../../dev/cluster.ts";
import { createLinks } from "../../dev/faults/links.ts";
import type { Network } from "../../dev/network.ts";
import type { StartOptions } from "../../dev/options.ts";
import { freePort, freePortRange } from "../../dev/ports.ts";
import { untilReady } from "../../dev/readiness.ts";
import { keptSecret } from "../../dev/secrets.ts";
import { writeBundles } from "../../dev/workers.ts";
import { systemDigest, systemRandom } from "../../shared/runtime/system.ts";
import { SIGNATURE_HEADER, signRequest } from "../../shared/wire/signature.ts";
import { bundledOnce } from "./bundles.ts";
import { ask, type Got, until } from "./http.ts";
import { type ClusterLinks, clusterLinks } from "./links.ts";
import { startTestOrigin, type TestOrigin } from "./origin.ts";

export interface TestCluster extends Cluster {
  /** Where everything of it is kept. */
  readonly data: string;
  readonly site: TestOrigin;
  /** GET of a path at the n-th edge, 0 first, as `Host: site.test` unless told otherwise. */
  get(edge: number, path: string, headers?: Readonly<Record<string, string>>): Promise<Got>;
  /** A call of the control plane with the admin token. */
  call(method: string, path: string, body?: unknown): Promise<Got & { readonly json: Json }>;
  /** `POST /invalidate`, sent again for as long as a 503 says so. */
  invalidate(body: Record<string, unknown>): Promise<Got & { readonly json: Json }>;
  /** The same that waits for its receipt. */
  purge(selectors: Record<string, unknown>): Promise<Json>;
  /** A signed call of the n-th edge itself, past all links; without a body it is a GET. */
  signed(edge: number, path: string, body?: string): Promise<Got>;
}

/** With a fault proxy on every way between its processes. */
export interface FaultyCluster extends TestCluster {
  readonly links: ClusterLinks;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are read by tests field by field
export type Json = any;

export interface ClusterSetUp
  extends Partial<
    Pick<StartOptions, "edges" | "push" | "redis" | "protection" | "buckets" | "handedOn" | "chaos">
  > {
  readonly policies?: readonly unknown[];
  /** Redis is there only later. */
  readonly away?: boolean;
  /** A fault in the edges' sources. */
  readonly changed?: SourceChange;
}

export const SITE_HOST = "site.test";

export async function startTestCluster(setUp?: ClusterSetUp & { faults?: false }): Promise<TestCluster>;
export async function startTestCluster(setUp: ClusterSetUp & { faults: true }): Promise<FaultyCluster>;
export async function startTestCluster(
  setUp: ClusterSetUp & { faults?: boolean } = {},
): Promise<TestCluster | FaultyCluster> {
  if (setUp.faults !== true) return startWith(setUp, null);
  const links = createLinks();
  const cluster = await startWith(setUp, links.network).catch(async (error: unknown) => {
    await links.close();
    throw error;
  });
  return {
    ...cluster,
    links: clusterLinks(links, cluster.edges.length),
    async stop() {
      await cluster.stop();
      await links.close();
    },
  };
}

async function startWith(setUp: ClusterSetUp, network: Network | null): Promise<TestCluster> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  const site = await startTestOrigin();
  const policies = join(dir, "policies.json");
  writeFileSync(policies, JSON.stringify(setUp.policies ?? []));
  const edges = setUp.edges ?? 3;
  const data = join(dir, "data");
  const options = {
    origin: new URL(site.url),
    edges,
    edgePort: await freePortRange(edges),
    controlPort: await freePort(),
    redis: setUp.redis ?? { kind: "server", databases: 1 },
    token: "a-token-for-tests",
    data,
    policies,
    push: setUp.push ?? true,
    ...(setUp.chaos && { chaos: setUp.chaos }),
    ...(setUp.buckets && { buckets: setUp.buckets }),
    ...(setUp.handedOn && { handedOn: setUp.handedOn }),
    ...(setUp.protection !== undefined && { protection: setUp.protection }),
  };
  const { changed } = setUp;
  const bundling = changed === undefined ? bundledOnce : (data: string) => writeBundles(data, changed);
  const cluster = await startCluster(options, network, bundling);
  const ready =
    cluster.ready ||
    (setUp.away !== true && (await untilReady(cluster.control, { token: options.token, edges })));
  if (!ready && setUp.away !== true) {
    await cluster.stop();
    throw new Error("the cluster did not get ready");
  }
  const invalidate = (body: Record<string, unknown>) => invalidatePatiently(cluster, body);
  return {
    ...{ ...cluster, ready, invalidate },
    data,
    site,
    get: (edge, path, headers = {}) =>
      ask(`${cluster.edges[edge]?.url}${path}`, { headers: { host: SITE_HOST, ...headers } }),
    call: (method, path, body) => call(cluster, { method, path, body }),
    async purge(selectors) {
      const answer = await invalidate({ ...selectors, wait: true });
      if (answer.status !== 200) throw new Error(`purge answered ${answer.status}: ${answer.text}`);
      return answer.json;
    },
    signed: (edge, path, body) =>
      signed(`${cluster.edges[edge]?.url}`, { key: keptSecret(data, "cluster-key"), path, body }),
    async stop() {
      await cluster.stop();
      await site.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function call(
  cluster: Pick<Cluster, "control" | "token">,
  given: { method: string; path: string; body: unknown; key?: string },
): Promise<Got & { json: Json }> {
  const got = await ask(cluster.control + given.path, {
    method: given.method,
    headers: {
      ...{ authorization: `Bearer ${cluster.token}`, "content-type": "application/json" },
      ...(given.key !== undefined && { "idempotency-key": given.key }),
    },
    ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
  });
  return { ...got, json: got.text === "" ? null : JSON.parse(got.text) };
}

/** A control plane whose Redis is late says 503, and to come again in a second: one operation all the same. */
function invalidatePatiently(
  cluster: Pick<Cluster, "control" | "token">,
  body: Record<string, unknown>,
): Promise<Got & { json: Json }> {
  const request = { method: "POST", path: "/invalidate", body, key: randomUUID() };
  return until(
    () => call(cluster, request),
    ({ status }) => status !== 503,
    { withinMs: 10_000, everyMs: 1000 },
  );
}

export async function signed(
  url: string,
  given: { key: string; path: string; body: string | undefined },
): Promise<Got> {
  const { key, path, body } = given;
  const method = body === undefined ? "GET" : "POST";
  const by = { key, digest: systemDigest, random: systemRandom, nowWall: Date.now() };
  const headers = { [SIGNATURE_HEADER]: await signRequest({ method, path, body: body ?? "" }, by) };
  return ask(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
}
