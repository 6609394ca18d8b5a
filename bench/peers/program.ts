// Programs of the system as peers: started in a process group of their own, waited for, ended by that group.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface Program {
  readonly pid: number;
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 20_000;
const STOPS_WITHIN_MS = 3000;
const POLL_MS = 50;
/** Where system programs are that a user's PATH may lack. */
const ALSO = ["/usr/sbin", "/usr/local/sbin"];

export function findProgram(name: string): string | null {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...ALSO]) {
    const path = join(folder, name);
    if (folder !== "" && isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when it takes connections; rejects with what it said where it ends before. */
export async function startProgram(path: string, args: readonly string[], port: number): Promise<Program> {
  const child = spawn(path, args, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (piece: Buffer) => {
    said = (said + piece.toString()).slice(-2000);
  });
  let ended = false;
  const over = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      said += error.message;
      resolve();
    });
    child.once("exit", () => resolve());
  }).then(() => {
    ended = true;
  });
  const { pid } = child;
  const end = (): void => signal(pid, "SIGKILL");
  const stop = async (): Promise<void> => {
    // Whoever has the number afterwards is somebody else.
    process.off("exit", end);
    signal(pid, "SIGTERM");
    await Promise.race([over, pause(STOPS_WITHIN_MS)]);
    signal(pid, "SIGKILL");
    await over;
  };
  for (const giveUpAt = performance.now() + STARTS_WITHIN_MS; !(await takesConnections(port)); ) {
    if (!ended && performance.now() < giveUpAt) await pause(POLL_MS);
    else {
      await stop();
      throw new Error(`${path} did not start: ${said.trim()}`);
    }
  }
  process.once("exit", end);
  return { pid: pid ?? 0, stop };
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // Everybody in the group has ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
