// The composition root of the command line: everything that is this process's own.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text as allOf } from "node:stream/consumers";
import { run } from "./run.ts";
import type { Sink } from "./surroundings.ts";

const sink = (stream: NodeJS.WriteStream): Sink => ({
  write: (text) => void stream.write(text),
  isTerminal: stream.isTTY === true,
  get columns() {
    // None, or 0 of a terminal that does not know.
    return stream.columns || 80;
  },
});

// Whoever reads only the first lines, as `head` does, has what he wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

/** Whoever leaves the question, by Ctrl-C or Ctrl-D, has said nothing. */
function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    lines.once("close", () => resolve(""));
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}

/** Here, and in the checkout that the command comes from. */
const tokenFiles = [process.cwd(), join(import.meta.dirname, "..")].map((folder) =>
  join(folder, ".tidegate", "admin-token"),
);

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? ask : null,
  readText: async (path) => (path === "-" ? await allOf(process.stdin) : await readFile(path, "utf8")),
  tokenFiles,
  onInterrupt(action) {
    process.on("SIGINT", action);
    return () => void process.off("SIGINT", action);
  },
});
