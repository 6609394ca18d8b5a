// Asks whoever has started this process to break or to heal something, and waits until it is done.

import type { Lever, LeverMessage, LeverReply } from "../dev/chaos/lever.ts";
import { LIMITS } from "./config.ts";

export type PullLever = (lever: Lever) => Promise<void>;

/** What a child process has of its parent. */
export interface ParentChannel {
  send(message: LeverMessage): void;
  onReply(take: (reply: LeverReply) => void): void;
}

/** Rejects with why it was not done. */
export function leverCalls(parent: ParentChannel): PullLever {
  const waiting = new Map<number, (problem: string | null) => void>();
  let last = 0;
  parent.onReply(({ id, problem }) => {
    waiting.get(id)?.(problem);
    waiting.delete(id);
  });
  return (lever) => {
    const id = ++last;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => settle(`${lever.kind} was not answered`), LIMITS.lever);
    const settle = (problem: string | null): void => {
      clearTimeout(timer);
      waiting.delete(id);
      if (problem === null) resolve();
      else reject(new Error(problem));
    };
    waiting.set(id, settle);
    parent.send({ kind: "lever", id, lever });
    return promise;
  };
}
