// The workloads that have a name, in the sizes that flags give them.

import { readTrace } from "../eviction/trace.ts";
import type { LoadFlags } from "./flags.ts";
import type { ReplayedAccess, Workload } from "./workload.ts";

export async function workloadOf(flags: LoadFlags): Promise<Workload> {
  const { keys, s, seconds } = flags;
  const zipf: Workload = { kind: "zipf", part: "hot", keys, s };
  switch (flags.workload) {
    case "zipf":
      return zipf;
    case "moving":
      return { ...zipf, kind: "moving", everyMs: 10_000, by: Math.max(1, Math.floor(keys / 10)) };
    case "crowd":
      return { kind: "crowd", of: zipf, fromMs: (seconds * 1000) / 3, forMs: (seconds * 1000) / 3, times: 3 };
    case "scan":
      return { kind: "scan", part: "standard", keys };
    case "expiry":
      return { kind: "zipf", part: "expiry", keys, s };
    case "writes":
      return { kind: "writes", of: zipf, share: 0.05 };
    case "sessions":
      return { kind: "heartbeats", sessions: keys, reads: 0.25 };
    case "mix":
      return {
        kind: "mix",
        parts: [
          { share: 0.6, of: zipf },
          { share: 0.1, of: { kind: "scan", part: "standard", keys } },
          { share: 0.2, of: { kind: "zipf", part: "immutable", keys, s } },
          { share: 0.1, of: { kind: "heartbeats", sessions: Math.ceil(keys / 10), reads: 0.25 } },
        ],
      };
    case "replay":
      return { kind: "replay", accesses: await accessesIn(flags) };
  }
}

/** What the run can ask for, and no more: traces may be longer than memory. */
async function accessesIn({ trace, rate, seconds }: LoadFlags): Promise<ReplayedAccess[]> {
  if (trace === null) throw new TypeError("--workload replay needs --trace FILE");
  const most = Math.ceil(rate * seconds);
  const accesses: ReplayedAccess[] = [];
  for await (const access of readTrace(trace)) {
    accesses.push(access);
    if (accesses.length >= most) break;
  }
  return accesses;
}
