// What its starter had stopped and can't set free any more, because it is gone: set free, and ended where it does not end by itself.

import { setTimeout as after } from "node:timers/promises";
import { LIMITS } from "../config.ts";

/** Whether anybody is in the group still. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // Somebody else's by now is nobody of ours.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH" || code === "EPERM") return false;
    throw error;
  }
}

/** Each group's leader notices by itself, once it goes on, that whoever started it is gone, and ends with all it has. */
export async function setFree(groups: readonly number[]): Promise<void> {
  let left = groups.filter((group) => signalGroup(group, "SIGCONT"));
  for (let waited = 0; left.length > 0 && waited < LIMITS.endedByItself; waited += LIMITS.orphanLook) {
    await after(LIMITS.orphanLook);
    // Looked at all along, a group that is still there is the same one: its number is not given away meanwhile.
    left = left.filter((group) => signalGroup(group, 0));
  }
  for (const group of left) signalGroup(group, "SIGKILL");
}
