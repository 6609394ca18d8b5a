// One seed, from its world to the verdict on it.

import "./small-limits.ts";
import { createHash } from "node:crypto";
import { Chance } from "./chance.ts";
import type { Violation } from "./history.ts";
import { judge } from "./judge/judge.ts";
import { type Plan, planOf } from "./plan/plan.ts";
import { runWorld } from "./world.ts";

export interface Simulated {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  /** Of the trace: the same seed has the same, byte by byte. */
  readonly digest: string;
  readonly exchanges: number;
  /** When its traffic began, by the trace's clock. */
  readonly beganAt: number;
}

export const seededPlan = (seed: number): Plan => planOf(chanceOf(seed).fork("plan"));

/** `plan` may be less than the seed's own. */
export async function simulate(seed: number, plan: Plan = seededPlan(seed)): Promise<Simulated> {
  const history = await silently(() => runWorld(plan, chanceOf(seed)));
  const { trace, exchanges, beganAt } = history;
  const digest = createHash("sha256").update(trace.join("\n")).digest("hex");
  return { seed, violations: judge(plan, history), trace, digest, exchanges: exchanges.length, beganAt };
}

/** What the system tells its log of losses and outages is no news here: they are the point. */
async function silently<T>(act: () => Promise<T>): Promise<T> {
  const { error } = console;
  console.error = () => undefined;
  try {
    return await act();
  } finally {
    console.error = error;
  }
}

const chanceOf = (seed: number): Chance => new Chance(`seed ${seed}`);
