// A crowd of clients that asks several edges for one thing at the same moment.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Answered, ClientSetUp } from "./client.ts";

export interface Crowd {
  /** Resolves when all have been answered. */
  ask(path: string): Promise<readonly Answered[]>;
  close(): Promise<void>;
}

/** In a thread of its own, so that what the origin does on this one is not held up by two thousand answers. */
export function gatherCrowd(setUp: ClientSetUp): Crowd {
  const thread = new Worker(new URL("./client.ts", import.meta.url), { workerData: setUp });
  return {
    async ask(path) {
      const answered = once(thread, "message");
      thread.postMessage(path);
      const [answers] = (await answered) as [readonly Answered[]];
      return answers;
    },
    async close() {
      await thread.terminate();
    },
  };
}
