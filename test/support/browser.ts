// A real browser before a cluster's dashboard: it asks nobody else, and whatever a page complains of fails the test.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { CHROMIUM_FLAGS, ensureChromium } from "../../scripts/ensure-chromium.ts";
import type { TestCluster } from "./cluster.ts";

export interface Seen {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What pages have complained of so far: errors, refused content, foreign hosts. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface Looks {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly script?: boolean;
}

const HEIGHT = 900;

export interface TestBrowser {
  open(looks?: Looks): Promise<Seen>;
  close(): Promise<void>;
}

/** One program for all of a file's tests; each of its windows begins without cookies. */
export async function startBrowser(): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-browser-"));
  const browser = await chromium.launch({
    executablePath: ensureChromium(),
    args: [...CHROMIUM_FLAGS],
    env: { ...process.env, HOME: folder },
  });
  return {
    async open({ width = 1100, colorScheme = "light", script = true } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: HEIGHT },
        ...{ colorScheme, javaScriptEnabled: script, reducedMotion: "reduce" },
      });
      const complaints: string[] = [];
      await context.route("**/*", (route) => {
        const { hostname } = new URL(route.request().url());
        if (hostname === "127.0.0.1") return route.continue();
        complaints.push(`asked ${hostname}`);
        return route.abort();
      });
      const page = await context.newPage();
      page.on("pageerror", ({ message }) => complaints.push(message));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      return { page, context, complaints, close: () => context.close() };
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ends at the overview, or wherever the sign-in leads. */
export async function signIn(
  page: Page,
  { control, token }: Pick<TestCluster, "control" | "token">,
): Promise<void> {
  await page.goto(`${control}/sign-in`);
  await page.fill("#token", token);
  await page.click("main button[type=submit]");
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

/** Rule, and the first place of each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Evaluated by the debugger's protocol: the page's own policy lets in no script but its own.
  await page.evaluate(axe.source);
  return page.evaluate(AXE_FAULTS);
}

/** Text, since it is read by the page's types and not by the test's. */
const AXE_FAULTS = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary].join(" ")))`;

/** No wider than the window: nobody scrolls sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(over).toBeLessThanOrEqual(0);
}
