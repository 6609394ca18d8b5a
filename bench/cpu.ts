// CPU time of a process group, from /proc; null where there is no /proc.

import { existsSync, readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** User and system seconds of every process in the group of this leader. */
export function groupCpuSeconds(leader: number): number | null {
  if (!existsSync("/proc/self/stat")) return null;
  let seconds = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(name);
    if (fields === null || Number(fields[2]) !== leader) continue;
    seconds += scheduledSeconds(name) ?? (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }
  return seconds;
}

/** Of all its threads, to the nanosecond, where the kernel counts them so: a short round has few ticks. */
function scheduledSeconds(pid: string): number | null {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`))
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ", 1)[0]);
    return nanoseconds / 1e9;
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

/** The fields behind the command's name, which may itself hold spaces; null where the process has just ended. */
function statFields(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}
