// A release is warmed from its compressed sitemaps behind the origin's budget, and the control plane is killed in the middle of it.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import type { Json, TestCluster } from "../support/cluster.ts";
import { ask, until } from "../support/http.ts";
import { undisturbed } from "../support/undisturbed.ts";

/** Low enough that a busy machine could ask for more, and the warm-up is told to. */
const RATE = 50;
const BURST = 10;
const PAGES = 150;
export const BUDGET = { rate: RATE, burst: BURST, concurrency: null };
/** On a busy machine some stand still on the way from a token to the origin, and arrive closer together than they were let go. */
const JITTER_MS = 300;

/** Declares the tests, on two edges before an origin with `BUDGET`; the control plane is killed and comes back. */
export function warmUp(stage: () => TestCluster): void {
  let cluster: TestCluster;
  /** What the origin was asked for in this round, and when. */
  const asked: { readonly path: string; readonly at: number }[] = [];
  /** Of the last round. */
  let sitemap: string;

  beforeAll(() => {
    cluster = stage();
    cluster.site.setBelow("/page/", ({ url = "" }) => {
      asked.push({ path: url, at: performance.now() });
      return { headers: { "cache-control": "max-age=600" }, body: url };
    });
  });

  /** A release of its own: nothing of it has been asked for. */
  function publish(round: number): void {
    const { site } = cluster;
    sitemap = `/sitemap-${round}.xml`;
    asked.length = 0;
    const parts = [1, 2].map((part) => `/${round}-${part}.xml.gz`);
    const compressed = (xml: string) => ({
      headers: { "content-type": "application/gzip" },
      body: gzipSync(xml),
    });
    const urls = (from: number, to: number): string =>
      Array.from(
        { length: to - from },
        (_, n) => `<url><loc>${site.url}/page/${round}/${from + n}?a=1&amp;b=2</loc></url>`,
      ).join("");
    site.set(sitemap, {
      body: `<sitemapindex>${parts.map((path) => `<sitemap><loc>${site.url}${path}</loc></sitemap>`).join("")}</sitemapindex>`,
    });
    const outside = "<url><loc>http://169.254.169.254/</loc></url>";
    const contents = [urls(0, PAGES / 2), urls(PAGES / 2, PAGES) + outside];
    for (const [at, part] of parts.entries()) site.set(part, compressed(`<urlset>${contents[at]}</urlset>`));
  }

  /** Null while nobody answers. */
  const progress = async (job: string): Promise<Json> =>
    cluster.call("GET", job).then(
      ({ status, json }) => (status === 200 ? json : null),
      () => null,
    );

  function killControlPlane(): void {
    const pid = cluster.controlPid();
    if (pid === null) throw new Error("the control plane is not running");
    process.kill(-pid, "SIGKILL");
  }

  /** The most that arrived in any such span. */
  const mostWithin = (span: number): number =>
    Math.max(...asked.map(({ at: from }) => asked.filter(({ at }) => at >= from && at < from + span).length));

  async function warm(round: number): Promise<void> {
    publish(round);
    const { json } = await cluster.call("POST", "/warmup", {
      ...{ sitemap, ratePerSecond: 400, concurrency: 16 },
    });
    await until(
      () => progress(json.job),
      (seen) => seen?.done >= PAGES / 3,
      { withinMs: 20_000 },
    );
    killControlPlane();
    const done = await until(
      () => progress(json.job),
      (seen) => seen?.state === "done",
      { withinMs: 40_000 },
    );
    expect(done).toMatchObject({
      ...{ total: PAGES + 1, done: PAGES, failed: 1, skipped: 0, later: 0 },
      documents: { found: 3, read: 3 },
    });
    expect(done.errors).toMatchObject([{ url: "http://169.254.169.254/" }]);
    // The origin decides, and not what the job says of itself.
    expect(new Set(asked.map(({ path }) => path)).size).toBe(PAGES);
    const before = asked.length;
    for (const { url } of cluster.edges)
      for (const page of [0, PAGES / 2, PAGES - 1]) {
        const got = await ask(`${url}/page/${round}/${page}?a=1&b=2`);
        expect([got.text, got.cacheStatus]).toEqual([
          `/page/${round}/${page}?a=1&b=2`,
          expect.stringMatching(/^tidegate-l1; hit/),
        ]);
      }
    expect(asked).toHaveLength(before);
  }

  test("every page of the sitemaps is fetched once, within the budget, and is at every edge in the end", async () => {
    const heldMs = await undisturbed(cluster, async (round) => {
      const held = monitorEventLoopDelay();
      held.enable();
      await warm(round);
      held.disable();
      return held.max / 1e6;
    });
    expect(asked).toHaveLength(PAGES);
    expect(mostWithin(1000)).toBeLessThanOrEqual(BURST + RATE * (1 + (JITTER_MS + heldMs) / 1000));
  }, 120_000);

  test("a dry run finds all of it held, and begins nothing", async () => {
    const jobs = async () => (await cluster.call("GET", "/warmups")).json.items.length;
    const before = [await jobs(), asked.length];
    const { status, json } = await cluster.call("POST", "/warmup", { sitemap, dryRun: true });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...{ dryRun: true, total: PAGES + 1, complete: true, failed: 1 },
      edges: [
        { edge: "edge-1", held: 20 },
        { edge: "edge-2", held: 20 },
      ],
    });
    expect([await jobs(), asked.length]).toEqual(before);
  });
}
