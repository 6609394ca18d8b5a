// The origin server that comes with the cache test suite, in a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "../../dev/ports.ts";

export interface SuiteOrigin {
  readonly url: string;
  stop(): Promise<void>;
}

const START_MS = 10_000;

/** `dir` takes the pid file that the server insists on writing. */
export async function startSuiteOrigin(script: string, dir: string): Promise<SuiteOrigin> {
  const port = await freePort();
  const child = spawn(process.execPath, [script], {
    cwd: dir,
    // It is configured as npm scripts are: by the variables that npm makes of a package's config.
    env: {
      ...process.env,
      npm_config_protocol: "http",
      npm_config_port: String(port),
      npm_config_pidfile: join(dir, "suite-origin.pid"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  child.once("exit", () => process.off("exit", killOnExit));
  await listening(child);
  return { url: `http://127.0.0.1:${port}`, stop: () => stop(child) };
}

/** Resolves when it says that it listens; what it says later is read and dropped, so that it never blocks. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) => {
      child.kill("SIGKILL");
      reject(new Error(`the suite's origin ${why}: ${said.slice(-2000)}`));
    };
    const timer = setTimeout(() => fail(`did not listen within ${START_MS} ms`), START_MS);
    child.once("error", (error) => fail(`can't be run (${error.message})`));
    child.once("exit", (code, signal) => fail(`ended (${signal ?? code})`));
    child.stderr?.on("data", (text) => {
      if (said.length < 10_000) said += text;
    });
    child.stdout?.on("data", (text) => {
      if (!String(text).includes("Listening on")) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await ended;
}
