// What the dashboard shows of a cluster that is not well, and to whoever may not do everything: in a real browser, with the alerts that it is about.

import { afterAll, beforeAll, expect, test } from "vitest";
import { renderChaosReport } from "../../control-plane/chaos/report-page.ts";
import {
  accessibilityFaults,
  expectNoSidewaysScroll,
  type Seen,
  signIn,
  startBrowser,
  type TestBrowser,
} from "../support/browser.ts";
import { chaosReport } from "../support/chaos-report.ts";
import { type FaultyCluster, startTestCluster } from "../support/cluster.ts";

let cluster: FaultyCluster;
let browser: TestBrowser;

beforeAll(async () => {
  const setUp = { edges: 3, faults: true, handedOn: { ALERTS: JSON.stringify(ALERTS) } } as const;
  [cluster, browser] = await Promise.all([startTestCluster(setUp), startBrowser()]);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

/** What their own times are is tried in virtual time. */
const ALERTS = {
  // None that has not come yet is silent.
  "edge-silent": { forSeconds: 5 },
  "mid-tier-unreachable": { threshold: 1 },
  "wrong-tokens": { threshold: 5, forSeconds: 0 },
};

/** `edge-silent firing`, and whatever else is more than about to be one. */
async function alerts(): Promise<string[]> {
  const { json } = await cluster.call("GET", "/alerts");
  const items: { rule: string; state: string }[] = json.items;
  return items.filter(({ state }) => state !== "pending").map(({ rule, state }) => `${rule} ${state}`);
}

const expectAlert = (rule: string, state: string): Promise<void> =>
  expect.poll(alerts, { timeout: 40_000, interval: 500 }).toContain(`${rule} ${state}`);

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
  expect(await alerts()).toEqual([]);
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

test("the report of an experiment can be read in both looks and widths, as a file too", async () => {
  const seen = await browser.open({ width: 375 });
  await seen.page.setContent(renderChaosReport(chaosReport()));
  expect(await seen.page.textContent("h1")).toBe("kill-edge: edge-2");
  await expectSound(seen);
}, 60_000);

test("a revoked token's session ends, and the token is refused", async () => {
  const made = await cluster.call("POST", "/tokens", { name: "guest", scopes: ["read"] });
  const { page, close } = await visit(made.json.token);
  await cluster.call("DELETE", `/tokens/${made.json.id}`);
  await expect
    .poll(async () => (await page.goto(`${cluster.control}/`))?.url(), { timeout: 8000, interval: 500 })
    .toContain("/sign-in");
  await close();
  const headers = { authorization: `Bearer ${made.json.token}` };
  for (let at = 0; at < 10; at++)
    expect((await fetch(`${cluster.control}/edges`, { headers })).status).toBe(401);
});

test("an edge that can't be reached is named and an alert, and the figures are of the others", async () => {
  cluster.links.controlToEdge(2).set({ kind: "cut" });
  const seen = await visit();
  await expect
    .poll(() => seen.page.textContent("[data-live=stale-answer]"), { timeout: 15_000 })
    .toContain("2 of 3 edges reporting.");
  await expectAlert("edge-silent", "firing");
  await expect.poll(() => seen.page.textContent("#alerts"), { timeout: 8000 }).toContain("edge-3");
  // By then, of the revoked token that somebody went on with.
  await expectAlert("wrong-tokens", "firing");
  cluster.links.heal();
  await expectSound(seen);
}, 120_000);

test("while Redis is away the page comes, and says what is not known", async () => {
  cluster.links.controlToRedis().set({ kind: "cut" });
  const seen = await visit();
  expect(await seen.page.textContent("[data-live=state]")).toContain("Redis does not answer.");
  expect(await seen.page.textContent("#invalidations")).toContain("Unknown while Redis does not answer.");
  await expectAlert("mid-tier-unreachable", "firing");
  await expectSound(seen);
  cluster.links.heal();
}, 120_000);
