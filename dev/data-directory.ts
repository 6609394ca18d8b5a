// The directory in which a run keeps everything: made step by step, and held by one run at a time.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "./options.ts";

const LOCK = "lock";

/** The absolute path, and the way to let go of it. Throws `UsageError` where it can't be had. */
export function holdDataDirectory(path: string): { readonly dir: string; release(): void } {
  const dir = resolve(path);
  try {
    make(dir);
    takeLock(dir);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--data ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  return { dir, release: () => rmSync(join(dir, LOCK), { force: true }) };
}

/** One level at a time: a recursive mkdir never ends where the system says of a folder that it isn't there. */
function make(dir: string): void {
  if (existsSync(dir)) return;
  make(dirname(dir));
  mkdirSync(dir);
}

/** Two runs on one directory would write one append-only file, and the log is what correctness rests on. */
function takeLock(dir: string): void {
  const path = join(dir, LOCK);
  const holder = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  if (holder !== process.pid && isAlive(holder)) {
    throw new UsageError(`--data ${dir} is in use by process ${holder}`);
  }
  rmSync(path, { force: true });
  writeFileSync(path, String(process.pid), { flag: "wx" });
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
