// Resident memory of the runtimes in a process group, from /proc; null where there is no /proc.

import { existsSync, readdirSync, readFileSync } from "node:fs";

const RUNTIME = "workerd";

/** Octets that the runtimes of the group of this leader have in memory; those of their Node parents are left out. */
export function runtimeBytes(leader: number): number | null {
  if (!existsSync("/proc/self/status")) return null;
  let kibibytes = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = statusOf(name);
    if (status?.includes(`Name:\t${RUNTIME}\n`) === true && groupOf(name) === leader)
      kibibytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  }
  return kibibytes * 1024;
}

const statusOf = (pid: string): string | null => fileOf(pid, "status");

function groupOf(pid: string): number | null {
  const text = fileOf(pid, "stat");
  return text === null ? null : Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[2]);
}

/** Null where the process has just ended. */
function fileOf(pid: string, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}
