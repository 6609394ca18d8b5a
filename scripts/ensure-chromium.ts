// The Chromium, or Chrome, that shows the dashboard to tests and takes its pictures.

import { ensureProgram } from "./ensure-program.ts";

/** The first one on PATH, installed if need be; throws an Error whose message is for the user. */
export const ensureChromium = (): string =>
  ensureProgram({
    programs: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
    packages: { "apt-get": "chromium", apk: "chromium", dnf: "chromium" },
    without: "browser",
  });

/** It asks nobody but the pages it is told to open, and keeps nothing. */
export const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
] as const;
