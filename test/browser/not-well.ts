// What the dashboard shows of a cluster that is idle or not well, and to whoever may not do everything, with the alerts that it is about.

import { expect, test } from "vitest";
import { renderChaosReport } from "../../control-plane/chaos/report-page.ts";
import { accessibilityFaults, expectNoSidewaysScroll, LOOKS, type Seen, signIn } from "../support/browser.ts";
import { chaosReport } from "../support/chaos-report.ts";
import type { DashboardStage } from "./stage.ts";

type Stage = () => DashboardStage;

/** `edge-silent firing`, and whatever else is more than about to be one. */
async function alerts(stage: Stage): Promise<string[]> {
  const { json } = await stage().cluster.call("GET", "/alerts");
  const items: { rule: string; state: string }[] = json.items;
  return items.filter(({ state }) => state !== "pending").map(({ rule, state }) => `${rule} ${state}`);
}

const expectAlert = (stage: Stage, rule: string, state: string): Promise<void> =>
  expect.poll(() => alerts(stage), { timeout: 40_000, interval: 500 }).toContain(`${rule} ${state}`);

async function expectSound({ page, complaints }: Seen): Promise<void> {
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await expectNoSidewaysScroll(page);
    expect(await accessibilityFaults(page), `${width} ${colorScheme}`).toEqual([]);
  }
  expect(complaints).toEqual([]);
}

/** Declares the tests that nothing comes before. */
export function whatIsIdle(stage: Stage): void {
  test("a cluster that nobody has asked for anything is idle, and after a few requests has no ratio yet", async () => {
    const seen = await stage().visit({ width: 375 });
    expect(await seen.page.textContent("#working")).toContain("Idle.");
    expect(await seen.page.textContent("#audit")).toContain("session.sign-in");
    expect(await alerts(stage)).toEqual([]);
    await Promise.all([1, 2, 3].map((at) => stage().ask(0, `/few-${at}`)));
    await expect
      .poll(() => seen.page.textContent("[data-live=working-answer]"), { timeout: 8000 })
      .toContain("too few for a ratio");
    await expectSound(seen);
  }, 90_000);
}

/** Declares the tests, the last of which break things. */
export function whatIsNotWell(stage: Stage): void {
  test("a token that may only read is shown figures and no form", async () => {
    const made = await stage().cluster.call("POST", "/tokens", { name: "reader", scopes: ["read"] });
    expect(made.status).toBe(201);
    const seen = await stage().visit({ width: 375 }, made.json.token);
    expect(await seen.page.textContent("#working")).toContain("Requests");
    expect(await seen.page.locator("form[action='/purge'], form[action='/warm']").count()).toBe(0);
    await expectSound(seen);
  }, 90_000);

  test("the report of an experiment can be read in both looks and widths, as a file too", async () => {
    const seen = await stage().window({ width: 375 });
    await seen.page.setContent(renderChaosReport(chaosReport()));
    expect(await seen.page.textContent("h1")).toBe("kill-edge: edge-2");
    await expectSound(seen);
  }, 60_000);

  test("a page that nothing comes to any more says so, until it goes on", async () => {
    const { page, complaints } = await stage().window({ width: 375 });
    await page.route("**/events*", (route) => route.abort());
    await signIn(page, stage().cluster);
    const notice = page.locator("[data-cut]");
    expect(await notice.isVisible()).toBe(false);
    await notice.waitFor({ timeout: 20_000 });
    expect(await notice.textContent()).toContain("What stands here is as it was");
    await expectNoSidewaysScroll(page);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.unroute("**/events*");
    await notice.waitFor({ state: "hidden", timeout: 20_000 });
    // Of each time that it asked.
    complaints.splice(0);
  }, 90_000);

  test("a revoked token's session ends, and the token is refused", async () => {
    const made = await stage().cluster.call("POST", "/tokens", { name: "guest", scopes: ["read"] });
    const { page, complaints } = await stage().visit({ width: 375 }, made.json.token);
    await stage().cluster.call("DELETE", `/tokens/${made.json.id}`);
    await page.waitForSelector("[data-cut]", { timeout: 15_000 });
    await expect
      .poll(async () => (await page.goto(`${stage().cluster.control}/`))?.url(), {
        timeout: 8000,
        interval: 500,
      })
      .toContain("/sign-in");
    // Of each page that it was refused.
    complaints.splice(0);
    const headers = { authorization: `Bearer ${made.json.token}` };
    for (let at = 0; at < 10; at++)
      expect((await fetch(`${stage().cluster.control}/edges`, { headers })).status).toBe(401);
  });

  test("an edge that can't be reached is named and an alert, and the figures are of the others", async () => {
    stage().cluster.links.controlToEdge(2).set({ kind: "cut" });
    const seen = await stage().visit({ width: 375 });
    await expect
      .poll(() => seen.page.textContent("[data-live=stale-answer]"), { timeout: 15_000 })
      .toContain("2 of 3 edges reporting.");
    await expectAlert(stage, "edge-silent", "firing");
    await expect.poll(() => seen.page.textContent("#alerts"), { timeout: 8000 }).toContain("edge-3");
    // By then, of the revoked token that somebody went on with.
    await expectAlert(stage, "wrong-tokens", "firing");
    stage().cluster.links.heal();
    await expectSound(seen);
  }, 120_000);

  test("while Redis is away the page comes, and says what is not known", async () => {
    stage().cluster.links.controlToRedis().set({ kind: "cut" });
    const seen = await stage().visit({ width: 375 });
    expect(await seen.page.textContent("[data-live=state]")).toContain("Redis does not answer.");
    expect(await seen.page.textContent("#invalidations")).toContain("Unknown while Redis does not answer.");
    await expectAlert(stage, "mid-tier-unreachable", "firing");
    await expectSound(seen);
    stage().cluster.links.heal();
  }, 120_000);
}
