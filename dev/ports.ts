// Whether the ports that a run needs are free, said before anything is started.

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
