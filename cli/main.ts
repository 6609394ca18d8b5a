// The composition root of the command line: everything that is this process's own.

import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text as allOf } from "node:stream/consumers";
import { EXIT } from "./exit.ts";
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
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`The output can't be written: ${error.code ?? error.message}\n`);
  process.exit(EXIT.unexpected);
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

/** Here and above, up to a repository's root or the user's own directory. */
function configFiles(home: string): readonly string[] {
  const files: string[] = [];
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    files.push(join(folder, "tidegate.toml"));
    if (folder === home || folder === dirname(folder) || existsSync(join(folder, ".git"))) return files;
  }
}

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? ask : null,
  readText: async (path) => (path === "-" ? await allOf(process.stdin) : await readFile(path, "utf8")),
  tokenFiles,
  configFiles: configFiles(homedir()),
  home: homedir(),
  isReadableByOthers: async (path) => ((await stat(path)).mode & 0o077) !== 0,
  self: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
  onInterrupt(action) {
    process.on("SIGINT", action);
    return () => void process.off("SIGINT", action);
  },
});
