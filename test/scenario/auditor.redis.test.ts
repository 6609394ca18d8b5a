// A purge that an edge takes in and does not heed is found out within its class's window; an edge that heeds it is not accused.

import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { SourceChange } from "../../dev/bundle.ts";
import { type Json, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";

/** Of the class `hot`. */
const WINDOW_MS = 5000;
const PAGES = 20;

/** The view's cursor moves over every entry, but no tag gets into its index. */
const forgetsTags: SourceChange = {
  path: fileURLToPath(new URL("../../shared/core/log-view.ts", import.meta.url)),
  change(text) {
    const parts = text.split("for (const selector of entry.payload.selectors) mark(");
    if (parts.length !== 2) throw new Error("the fragment to change is not there once");
    return parts.join(
      'for (const selector of entry.payload.selectors.filter((one) => !one.includes(" t "))) mark(',
    );
  },
};

let cluster: TestCluster | null = null;
afterEach(() => cluster?.stop());

/** Some pages with a tag, in memory, each served once from there. */
async function startWith(changed?: SourceChange): Promise<TestCluster> {
  const policies = [{ key_pattern: "/*", class: "hot" }];
  const started = await startTestCluster({ edges: 2, policies, ...(changed && { changed }) });
  cluster = started;
  started.site.setBelow("/", () => ({
    headers: { "cache-control": "max-age=600", "cache-tag": "news" },
    body: "a page",
  }));
  for (let round = 0; round < 2; round++) await askForAll(started);
  return started;
}

async function askForAll({ get }: TestCluster): Promise<void> {
  const pages = Array.from({ length: PAGES }, (_, page) => `/${page}`);
  for (const edge of [0, 1]) await Promise.all(pages.map((page) => get(edge, page)));
}

const staleFigures = async ({ call }: TestCluster): Promise<Json> =>
  (await call("GET", "/cache-metrics?window=60s")).json.stale;

test("an edge that forgets tags is caught within one window", async () => {
  const faulty = await startWith(forgetsTags);
  const receipt = await faulty.purge({ tags: ["news"] });
  expect(receipt).toMatchObject({ state: "converged", edges: [{ state: "applied" }, { state: "applied" }] });
  const purgedAt = performance.now();
  expect((await faulty.get(0, "/0")).cacheStatus).toMatch(/^tidegate-l1; hit/);
  const found = await until(
    async () => {
      await askForAll(faulty);
      return staleFigures(faulty);
    },
    ({ violations }) => violations > 0,
    { withinMs: WINDOW_MS },
  );
  expect(performance.now() - purgedAt).toBeLessThan(WINDOW_MS);
  expect(found.byClass.hot.l1Memory.violations).toBeGreaterThan(0);
  expect(found.lastViolation).toMatchObject({ class: "hot", rule: "lost-invalidation", selector: "tag" });
}, 60_000);

test("over the same traffic an edge that forgets nothing is accused of nothing", async () => {
  const sound = await startWith();
  await sound.purge({ tags: ["news"] });
  const seen = await until(
    async () => {
      await askForAll(sound);
      return staleFigures(sound);
    },
    ({ sampled }) => sampled >= 20,
    { withinMs: 40_000, everyMs: 1 },
  );
  expect(seen).toMatchObject({ violations: 0, upperBound95: 3 / seen.sampled, lastViolation: null });
}, 60_000);
