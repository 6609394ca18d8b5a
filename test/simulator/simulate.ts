// One seed, from its world to the verdict on it.

import "./small-limits.ts";
import { createHash } from "node:crypto";
import type { Violation } from "./history.ts";
import { judge } from "./judge/judge.ts";
import { runWorld } from "./world.ts";

export interface Simulated {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  /** Of the trace: the same seed has the same, byte by byte. */
  readonly digest: string;
  readonly exchanges: number;
}

export async function simulate(seed: number): Promise<Simulated> {
  const { plan, history } = await runWorld(seed);
  const digest = createHash("sha256").update(history.trace.join("\n")).digest("hex");
  const exchanges = history.exchanges.length;
  return { seed, violations: judge(plan, history), trace: history.trace, digest, exchanges };
}
