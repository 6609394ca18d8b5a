// Whether the ports that a run needs are free, said before anything is started, and which are where nobody says.

import { createServer } from "node:net";
import { UsageError } from "./options.ts";

export async function requireFreePorts(
  wanted: readonly { readonly port: number; readonly flag: string }[],
): Promise<void> {
  for (const { port, flag } of wanted) {
    const problem = await portProblem(port);
    if (problem !== null) throw new UsageError(`port ${port} (${flag}) is ${problem}`);
  }
}

function portProblem(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "EADDRINUSE" ? "taken" : `not to be had (${error.code})`);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(null)));
  });
}

/** Below the ports that the system hands to outgoing connections: one of those may have it whenever a process is started anew. */
const RANGE = { from: 12_000, to: 30_000, tries: 50 };
/** Each process goes up from a place of its own: two seldom hand out the same port, and none does twice soon. */
let next = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));

export const isFreePort = async (port: number): Promise<boolean> => (await portProblem(port)) === null;

/** Free a moment ago; whoever is quicker may have it by now. */
export const freePort = (): Promise<number> => freePortRange(1);

/** The first of so many in a row, free as `freePort`'s is. */
export async function freePortRange(count: number): Promise<number> {
  for (let attempt = 0; attempt < RANGE.tries; attempt++) {
    if (next + count > RANGE.to) next = RANGE.from;
    const first = next;
    next += count;
    const problems = await Promise.all(Array.from({ length: count }, (_, i) => portProblem(first + i)));
    if (problems.every((problem) => problem === null)) return first;
  }
  throw new Error(`no ${count} ports in a row are free`);
}
