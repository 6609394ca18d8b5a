// A real browser before a cluster's dashboard: it asks nobody else, and whatever a page complains of fails the test.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
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

/** Each width and each look once: what is too faint is so at any width, and what is too wide is so in any colour. */
export const LOOKS = [
  { width: 375, colorScheme: "light" },
  { width: 1100, colorScheme: "dark" },
] as const satisfies readonly Looks[];

const require = createRequire(import.meta.url);

const HEIGHT = 900;

/** Half as long as what it is made from: each page reads all of it. */
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** One process draws all pages, one after the other: else a new one is started whenever a window has been at no page. */
const ONE_RENDERER = [
  "--renderer-process-limit=1",
  "--process-per-site",
  "--disable-site-isolation-trials",
] as const;

/** By the browser itself: to be asked of each request costs more than answering it, and turns its cache off. */
const LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";

export interface TestBrowser {
  open(looks?: Looks): Promise<Seen>;
  close(): Promise<void>;
}

/** A window that is looked through by one test after the other: a new one costs the browser three processes. */
interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly script: boolean;
  /** Of whoever looks through it now. */
  complaints: string[];
}

/** One program for all of a file's tests; whoever opens a window finds it without cookies, and at no page. */
export async function startBrowser(): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-browser-"));
  const browser = await chromium.launch({
    executablePath: ensureChromium(),
    args: [...CHROMIUM_FLAGS, ...ONE_RENDERER, LOOPBACK_ONLY],
    env: { ...process.env, HOME: folder },
  });
  const free: Window[] = [];
  const take = (script: boolean): Window | undefined => {
    const at = free.findIndex((window) => window.script === script);
    return at < 0 ? undefined : free.splice(at, 1)[0];
  };
  return {
    async open({ width = 1100, colorScheme = "light", script = true } = {}) {
      const window = take(script) ?? (await newWindow(browser, script));
      const { page, context } = window;
      const complaints: string[] = [];
      window.complaints = complaints;
      await page.setViewportSize({ width, height: HEIGHT });
      await page.emulateMedia({ colorScheme });
      const close = async (): Promise<void> => {
        await page.goto("about:blank");
        await context.clearCookies();
        free.push(window);
      };
      return { page, context, complaints, close };
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function newWindow(browser: Browser, script: boolean): Promise<Window> {
  const context = await browser.newContext({ javaScriptEnabled: script, reducedMotion: "reduce" });
  const page = await context.newPage();
  const window: Window = { page, context, script, complaints: [] };
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== "data:" && hostname !== "127.0.0.1") window.complaints.push(`asked ${hostname}`);
  });
  page.on("pageerror", ({ message }) => window.complaints.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") window.complaints.push(message.text());
  });
  return window;
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
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(AXE);
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
