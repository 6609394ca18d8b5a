// What the dashboard shows of a cluster that is not well, and to whoever may not do everything: in a real browser.

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessibilityFaults,
  expectNoSidewaysScroll,
  type Seen,
  signIn,
  startBrowser,
  type TestBrowser,
} from "../support/browser.ts";
import { type FaultyCluster, startTestCluster } from "../support/cluster.ts";

let cluster: FaultyCluster;
let browser: TestBrowser;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startTestCluster({ edges: 3, faults: true }), startBrowser()]);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

async function visit(token = cluster.token): Promise<Seen> {
  const seen = await browser.open({ width: 375 });
  await signIn(seen.page, { control: cluster.control, token });
  return seen;
}

async function expectSound({ page, complaints, close }: Seen): Promise<void> {
  for (const width of [375, 1100])
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await expectNoSidewaysScroll(page);
      expect(await accessibilityFaults(page), `${width} ${colorScheme}`).toEqual([]);
    }
  expect(complaints).toEqual([]);
  await close();
}

test("a cluster that nobody has asked for anything is idle, and after a few requests has no ratio yet", async () => {
  const seen = await visit();
  expect(await seen.page.textContent("#working")).toContain("Idle.");
  expect(await seen.page.textContent("#audit")).toContain("session.sign-in");
  await Promise.all([1, 2, 3].map((at) => cluster.get(0, `/few-${at}`)));
  await expect
    .poll(() => seen.page.textContent("[data-live=working-answer]"), { timeout: 8000 })
    .toContain("too few for a ratio");
  await expectSound(seen);
}, 90_000);

test("a token that may only read is shown figures and no form", async () => {
  const made = await cluster.call("POST", "/tokens", { name: "reader", scopes: ["read"] });
  expect(made.status).toBe(201);
  const seen = await visit(made.json.token);
  expect(await seen.page.textContent("#working")).toContain("Requests");
  expect(await seen.page.locator("form[action='/purge'], form[action='/warm']").count()).toBe(0);
  await expectSound(seen);
}, 90_000);

test("a revoked token's session ends", async () => {
  const made = await cluster.call("POST", "/tokens", { name: "guest", scopes: ["read"] });
  const { page, close } = await visit(made.json.token);
  await cluster.call("DELETE", `/tokens/${made.json.id}`);
  await expect
    .poll(async () => (await page.goto(`${cluster.control}/`))?.url(), { timeout: 8000, interval: 500 })
    .toContain("/sign-in");
  await close();
});

test("an edge that can't be reached is named, and the figures are of the others", async () => {
  cluster.links.controlToEdge(2).set({ kind: "cut" });
  const seen = await visit();
  await expect
    .poll(() => seen.page.textContent("[data-live=stale-answer]"), { timeout: 15_000 })
    .toContain("2 of 3 edges reporting.");
  cluster.links.heal();
  await expectSound(seen);
}, 90_000);

test("while Redis is away the page comes, and says what is not known", async () => {
  cluster.links.controlToRedis().set({ kind: "cut" });
  const seen = await visit();
  expect(await seen.page.textContent("[data-live=state]")).toContain("Redis does not answer.");
  expect(await seen.page.textContent("#invalidations")).toContain("Unknown while Redis does not answer.");
  await expectSound(seen);
  cluster.links.heal();
}, 90_000);
