// How late calls end while Redis is a black hole and their loaders never do: beyond the deadline that each was given.

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createCache } from "../../client/cache/create-cache.ts";

export interface Lateness {
  readonly calls: number;
  readonly deadlineMs: number;
  /** Milliseconds beyond the deadline. */
  readonly p50: number;
  readonly p999: number;
  readonly worst: number;
  /** Calls that ended otherwise than by their deadline. */
  readonly others: number;
}

const DEADLINE = 300;
/** Between two calls: the loop is otherwise idle. */
const GAP = 5;

export async function measureLateness(calls: number): Promise<Lateness> {
  const hole = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => hole.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(hole.address() as AddressInfo).port}`;
  const cache = createCache({
    ...{ redis: { url, token: "token" }, namespace: "bench", class: "hot" },
    sources: { default: { concurrency: calls } },
  });
  const late: number[] = [];
  let others = 0;
  const call = async (at: number): Promise<void> => {
    const began = performance.now();
    const never = (): Promise<never> => new Promise(() => undefined);
    const code = await cache.getOrFetch(`key-${at}`, never, { deadline: DEADLINE }).then(
      () => "a value",
      (error: { readonly code: string }) => error.code,
    );
    if (code === "deadline") late.push(performance.now() - began - DEADLINE);
    else others += 1;
  };
  // Not yet counted: what a process compiles when it does something for the first time.
  await Promise.all(Array.from({ length: 20 }, (_, at) => call(-at)));
  late.length = 0;
  const pending: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (pending.length < calls) pending.push(call(pending.length));
      else {
        clearInterval(timer);
        resolve();
      }
    }, GAP);
  });
  await Promise.all(pending);
  hole.close();
  late.sort((a, b) => a - b);
  const at = (share: number): number =>
    late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? Number.NaN;
  return { calls, deadlineMs: DEADLINE, p50: at(0.5), p999: at(0.999), worst: at(1), others };
}
