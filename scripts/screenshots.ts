// Takes the pictures of the dashboard that the documents show: `npm run screenshots`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { type Cluster, startCluster } from "../dev/cluster.ts";
import { freePort, freePortRange } from "../dev/ports.ts";
import { CHROMIUM_FLAGS, ensureChromium } from "./ensure-chromium.ts";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));

const PATHS = ["/", "/products/1", "/products/2", "/products/3", "/news", "/hot/scores", "/images/1.svg"];
const EDGES = 3;
const TRAFFIC_MS = 75_000;
const PURGE_EVERY = 40;

/** The height is that of a screen: what lies below it is for whoever scrolls. */
const PICTURES = [
  { name: "dashboard.png", width: 1240, height: 1180, colorScheme: "light" },
  { name: "dashboard-dark.png", width: 1240, height: 1180, colorScheme: "dark" },
  { name: "dashboard-narrow.png", width: 375, height: 1180, colorScheme: "dark" },
] as const;

const folder = mkdtempSync(join(tmpdir(), "tidegate-pictures-"));
let cluster: Cluster | null = null;
try {
  cluster = await startCluster({
    ...{
      origin: null,
      edges: EDGES,
      edgePort: await freePortRange(EDGES),
      controlPort: await freePort(),
    },
    ...{ redis: { kind: "server", databases: 2 }, token: "a-token-for-pictures", data: join(folder, "data") },
    ...{ policies: null, push: true },
  });
  await visitors(cluster);
  await takePictures(cluster);
} finally {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** More of what comes first in the list, as everywhere; and now and then somebody purges. */
async function visitors({ edges, control, token }: Cluster): Promise<void> {
  const end = performance.now() + TRAFFIC_MS;
  for (let round = 1; performance.now() < end; round++) {
    const asked = edges.flatMap(({ url }, at) =>
      [pathAt(round + at), pathAt(round * 3 + at)].map((one) => url + one),
    );
    await Promise.all(asked.map(async (url) => (await fetch(url)).arrayBuffer()));
    if (round % PURGE_EVERY === 0) await purge(control, token, `product-${1 + (round % 3)}`);
    await pause(100);
  }
}

function pathAt(at: number): string {
  return PATHS[Math.floor(((at * 7) % 11) ** 1.5 / 6) % PATHS.length] ?? "/";
}

async function purge(control: string, token: string, tag: string): Promise<void> {
  await fetch(`${control}/invalidate`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ tags: [tag], reason: "price changed" }),
  });
}

async function takePictures({ control, token }: Cluster): Promise<void> {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: [...CHROMIUM_FLAGS] });
  for (const { name, width, height, colorScheme } of PICTURES) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    await signIn(page, control, token);
    await page.goto(`${control}/?range=15m`);
    await page.waitForSelector("#chart-ratio canvas");
    await page.screenshot({ path: join(docs, name) });
    await page.close();
    console.log(`docs/${name}`);
  }
  await browser.close();
}

async function signIn(page: Page, control: string, token: string): Promise<void> {
  await page.goto(`${control}/sign-in`);
  await page.fill("#token", token);
  await page.click("main button[type=submit]");
  await page.waitForURL((url) => url.pathname === "/");
}
