// Two isolates of one data centre in real workerd: what one has pulled of the log, the other finds in their Cache API.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePortRange } from "../../dev/ports.ts";
import { keptSecret } from "../../dev/secrets.ts";
import { type Supervised, supervise } from "../../dev/supervise.ts";
import type { WorkerProcessConfig } from "../../dev/worker-process.ts";
import { STATUS_PATH, type StatusReport } from "../../shared/wire/internal.ts";
import { bundledOnce } from "../support/bundles.ts";
import { SITE_HOST, signed, type TestCluster } from "../support/cluster.ts";
import { ask, until } from "../support/http.ts";

const WINDOW_MS = 1000;
const EPSILON_MS = 200;
const PATH = "/in-view/page";
const ISOLATES = ["isolate-1", "isolate-2"];

export const IN_VIEW_POLICY = {
  ...{ key_pattern: PATH, class: "hot", ttl: 600, ttl_mode: "override", window_ms: WINDOW_MS },
};

/** Declares the tests, beside any edges. */
export function sharedView(stage: () => TestCluster): void {
  let cluster: TestCluster;
  let dataCentre: Supervised;
  let urls: string[];
  const dir = mkdtempSync(join(tmpdir(), "tidegate-isolates-"));

  beforeAll(async () => {
    cluster = stage();
    const { edge: scriptPath } = await bundledOnce();
    const first = await freePortRange(ISOLATES.length);
    urls = ISOLATES.map((_, at) => `http://127.0.0.1:${first + at}`);
    const [one, ...beside] = ISOLATES.map((name, at) => ({
      name,
      port: first + at,
      bindings: {
        UPSTASH_REDIS_REST_URL: cluster.redis.url,
        UPSTASH_REDIS_REST_TOKEN: cluster.redis.token,
        CLUSTER_KEY: keptSecret(cluster.data, "cluster-key"),
        EDGE_ID: name,
        SHARED_VIEW: "cache-api",
      },
    }));
    if (one === undefined) throw new Error("no isolates");
    const configuration: WorkerProcessConfig = {
      ...{ ...one, beside, scriptPath, origin: { address: new URL(cluster.site.url).host } },
      ...{ cacheDir: join(dir, "cache"), scratchDir: null, durableObjects: null },
    };
    const module = join(import.meta.dirname, "../../dev/worker-process.ts");
    dataCentre = supervise({ name: "data-centre", module, configuration, restartAfterMs: 1000 });
    await dataCentre.ready;
  }, 60_000);

  afterAll(async () => {
    await dataCentre?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const page = async (url: string): Promise<number> => {
    const { status, text } = await ask(url + PATH, { headers: { host: SITE_HOST } });
    expect(status).toBe(200);
    return Number(text);
  };

  /** Since the isolate began. Who is asked for it pulls the log. */
  async function counted(url: string): Promise<StatusReport["counters"]> {
    const key = keptSecret(cluster.data, "cluster-key");
    const { text } = await signed(url, { key, path: STATUS_PATH, body: undefined });
    return (JSON.parse(text) as StatusReport).counters;
  }

  test("each learns from the other, and none serves what was purged longer ago than the window", async () => {
    let version = 0;
    const publish = async (): Promise<{ version: number; at: number }> => {
      version += 1;
      cluster.site.set(PATH, { body: String(version), headers: { "cache-control": "max-age=600" } });
      await cluster.purge({ urls: [`http://${SITE_HOST}${PATH}`] });
      return { version, at: performance.now() };
    };
    let known = await publish();
    const late: string[] = [];
    const round = async (): Promise<boolean> => {
      for (const url of urls) {
        const askedAt = performance.now();
        const got = await page(url);
        if (got < known.version && askedAt > known.at + WINDOW_MS + EPSILON_MS)
          late.push(`${url}: version ${got} ${askedAt - known.at} ms after ${known.version}`);
      }
      const seen = await Promise.all(urls.map(page));
      return seen.every((got) => got === known.version);
    };
    const look = async (): Promise<number[]> => {
      // One at a time: each is to be seen everywhere before the next hides it.
      for (let n = 0; n < 4; n++) {
        await until(round, Boolean, { withinMs: 10_000, everyMs: 20 });
        known = await publish();
      }
      return Promise.all(urls.map(async (url) => (await counted(url))["log|shared-learnt"] ?? 0));
    };
    await until(look, (learnt) => learnt.every((count) => count >= 2), { withinMs: 40_000 });
    expect(late).toEqual([]);
  }, 60_000);
}
