#!/usr/bin/env node
// The command `tidegate` in a checkout: installs what is missing, then runs the command line with the project's own Node.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await import("./bootstrap.mjs");

const node = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const child = spawn(
  node,
  [
    "--import",
    new URL("./lua-loader.mjs", import.meta.url).href,
    join(root, "cli", "main.ts"),
    ...process.argv.slice(2),
  ],
  { stdio: "inherit" },
);

// What a terminal sends has reached the child already, which takes a second one for the first.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.once("error", (error) => {
  console.error(`tidegate: Node could not be started: ${error.message}`);
  process.exitCode = 1;
});
child.once("close", (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
});
