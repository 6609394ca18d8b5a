// How late calls end while Redis is a black hole and their loaders never do: beyond the deadline that each was given.
//
// Measured in a process of its own that does nothing else: the black hole is in this one. The rate is stated, and the
// same deadlines as bare timers of the same process, before any call, say what the machine itself adds.

import { execFile } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** Milliseconds beyond the deadline. */
export interface Late {
  readonly p50: number;
  readonly p999: number;
  readonly worst: number;
}

export interface Lateness extends Late {
  readonly calls: number;
  readonly deadlineMs: number;
  readonly perSecond: number;
  /** Calls that ended otherwise than by their deadline. */
  readonly others: number;
  /** The same of timers alone. */
  readonly idle: Late;
}

export async function measureLateness(calls: number): Promise<Lateness> {
  const hole = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => hole.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(hole.address() as AddressInfo).port}`;
  const program = join(import.meta.dirname, "lateness-process.ts");
  const args = ["--import", "./scripts/lua-loader.mjs", program, url, String(calls)];
  const cwd = join(import.meta.dirname, "../..");
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 120_000 });
    return JSON.parse(stdout) as Lateness;
  } finally {
    hole.close();
  }
}
