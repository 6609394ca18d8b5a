// The process whose calls are measured: told where the black hole is and how many to make, it prints how late they ended.

import { createCache } from "../../client/cache/create-cache.ts";
import type { Late, Lateness } from "./lateness.ts";

const DEADLINE = 300;
/** Between two calls. */
const GAP = 5;
const [url = "", count = ""] = process.argv.slice(2);
const calls = Number(count);

const cache = createCache({
  ...{ redis: { url, token: "token" }, namespace: "bench", class: "hot" },
  sources: { default: { concurrency: 100_000 } },
});
const never = (): Promise<never> => new Promise(() => undefined);

/** Milliseconds beyond the deadline; null where it ended otherwise. */
async function callOnce(key: string): Promise<number | null> {
  const began = performance.now();
  const code = await cache.getOrFetch(key, never, { deadline: DEADLINE }).then(
    () => "a value",
    (error: { readonly code: string }) => error.code,
  );
  return code === "deadline" ? performance.now() - began - DEADLINE : null;
}

async function waitOnce(): Promise<number> {
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, DEADLINE));
  return performance.now() - began - DEADLINE;
}

/** So many, one every few milliseconds, until the last has ended. */
async function atPace(many: number, one: (at: number) => Promise<number | null>): Promise<(number | null)[]> {
  const pending: Promise<number | null>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (pending.length < many) pending.push(one(pending.length));
      else {
        clearInterval(timer);
        resolve();
      }
    }, GAP);
  });
  return Promise.all(pending);
}

function summary(late: readonly number[]): Late {
  const sorted = [...late].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p999: at(0.999), worst: at(1) };
}

// Not counted: what a process compiles when it does something for the first time.
await Promise.all(Array.from({ length: 200 }, (_, at) => callOnce(`before-${at}`)));
const idle = summary((await atPace(Math.min(calls, 1000), waitOnce)).filter((late) => late !== null));
const ended = await atPace(calls, (at) => callOnce(`key-${at}`));
const late = ended.filter((one) => one !== null);
const lateness: Lateness = {
  ...{ calls, deadlineMs: DEADLINE, perSecond: 1000 / GAP, others: ended.length - late.length, idle },
  ...summary(late),
};
console.log(JSON.stringify(lateness));
process.exit(0);
