// The client library beside caches that people use: hits, failing loaders, and how late calls end without Redis.

import { compareFailing, type Failing } from "./failing.ts";
import { compareHits } from "./hits.ts";
import { type Lateness, measureLateness } from "./lateness.ts";

export interface ClientResult {
  readonly name: "client";
  readonly rounds: number;
  /** Microseconds a hit. */
  readonly hitMicroseconds: Readonly<Record<string, number>>;
  readonly failing: readonly Failing[];
  readonly lateness: Lateness;
}

export async function benchClient(quick: boolean): Promise<ClientResult> {
  const lateness = await measureLateness(quick ? 1000 : 5000);
  const { calls, deadlineMs, perSecond, p999, worst, others, idle } = lateness;
  console.log(
    `Redis a black hole: of ${calls} calls with ${deadlineMs} ms, ${perSecond} a second, ${others} ended otherwise; late by ${p999.toFixed(1)} ms (p99.9), ${worst.toFixed(1)} at most; bare timers by ${idle.p999.toFixed(1)} and ${idle.worst.toFixed(1)}`,
  );
  const rounds = quick ? 5 : 11;
  const hitMicroseconds = await compareHits(rounds);
  for (const [name, figure] of Object.entries(hitMicroseconds))
    console.log(`${name.padEnd(16)} ${figure.toFixed(2)} µs a hit`);
  const failing = await compareFailing();
  for (const { name, loads, mostAtOnce } of failing)
    console.log(
      `${name.padEnd(16)} ${loads} loads of 200 callers of a loader that fails, ${mostAtOnce} at once`,
    );
  return { name: "client", rounds, hitMicroseconds, failing, lateness };
}
