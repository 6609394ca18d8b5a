// Pages with a tag that the auditor watches, at two edges.

import type { Json, TestCluster } from "../support/cluster.ts";

const PAGES = 20;

export const AUDITED_POLICY = { key_pattern: "/audited/*", class: "hot" };

/** In memory, and each served once from there. */
export async function servePages(cluster: TestCluster): Promise<void> {
  cluster.site.setBelow("/audited/", () => ({
    headers: { "cache-control": "max-age=600", "cache-tag": "news" },
    body: "a page",
  }));
  for (let round = 0; round < 2; round++) await askForPages(cluster);
}

export async function askForPages({ get }: TestCluster): Promise<void> {
  const pages = Array.from({ length: PAGES }, (_, page) => `/audited/${page}`);
  for (const edge of [0, 1]) await Promise.all(pages.map((page) => get(edge, page)));
}

export const staleFigures = async ({ call }: TestCluster): Promise<Json> =>
  (await call("GET", "/cache-metrics?window=60s")).json.stale;
