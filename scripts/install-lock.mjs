// Lets one process at a time install packages in a checkout, and survives holders that die.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 250;
const BEAT_MS = 2_000;
// Several missed beats: a holder on another host or in another container has no pid that we could ask.
const DEAD_AFTER_MS = 20_000;

/**
 * Runs `work` while no other process that names the same folder runs its own.
 *
 * The lock is the file with the highest number. Taking it over means creating the next number, which the
 * file system lets exactly one process do; nobody ever removes a file above his own, so two processes that
 * find the same dead holder cannot both follow it.
 */
export async function withInstallLock(folder, work) {
  mkdirSync(folder, { recursive: true });
  const mine = await acquire(folder);
  const beat = setInterval(() => touch(mine.path), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    writeFileSync(mine.path, "free");
  }
}

async function acquire(folder) {
  for (let look = 1; ; look++) {
    const top = numbers(folder).at(-1) ?? 0;
    if (top === 0 || isVacant(join(folder, String(top)))) {
      const mine = claim(folder, top + 1);
      if (mine !== undefined) return mine;
    } else if (look === 2) {
      console.error("bootstrap: another install is running in this checkout, waiting for it …");
    }
    await delay(POLL_MS);
  }
}

/** Undefined when somebody else was faster. */
function claim(folder, number) {
  const path = join(folder, String(number));
  try {
    writeFileSync(path, `${process.pid} ${hostname()}`, { flag: "wx" });
  } catch (error) {
    if (error.code === "EEXIST") return undefined;
    throw error;
  }
  const all = numbers(folder);
  if (all.at(-1) !== number) {
    rmSync(path, { force: true });
    return undefined;
  }
  for (const older of all.slice(0, -1)) rmSync(join(folder, String(older)), { force: true });
  return { path };
}

function numbers(folder) {
  const names = readdirSync(folder).filter((name) => /^[1-9]\d*$/.test(name));
  return names.map(Number).sort((a, b) => a - b);
}

function isVacant(path) {
  try {
    const holder = readFileSync(path, "utf8");
    if (holder === "free" || Date.now() - statSync(path).mtimeMs > DEAD_AFTER_MS) return true;
    const [pid, ...host] = holder.split(" ");
    return host.join(" ") === hostname() && !isAlive(Number(pid));
  } catch (error) {
    // Removed under our hands by its follower: the next look finds that one.
    if (error.code === "ENOENT") return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // A lock folder that somebody deleted costs us the exclusion, not the install.
  }
}
