// Runs seeds, all of which must pass, and tells of those that don't.

import { sweep } from "./fleet.ts";
import type { Plan } from "./plan/plan.ts";
import { reduced, wholeOf } from "./plan/reduction.ts";
import { tellShrunk, tellViolations } from "./report.ts";
import type { Request } from "./request.ts";
import { type Simulated, seededPlan, simulate } from "./simulate.ts";

export async function runSeeds(request: Request): Promise<number> {
  const { first, count, trace } = request;
  const failed: Simulated[] = [];
  const take = (result: Simulated): void => {
    const { seed, digest, exchanges } = result;
    if (trace) console.log(result.trace.join("\n"));
    if (trace) console.log(`seed ${seed}: trace ${digest}, ${exchanges} requests`);
    if (result.violations.length === 0) return;
    failed.push(result);
    tellViolations(result);
  };
  const part = partOf(request);
  if (part === null) await sweep({ first, count, traces: trace }, take);
  else take(await simulate(first, part(seededPlan(first))));
  const [failing] = failed;
  if (failing !== undefined) {
    // What was given as a part already is shown as it is.
    if (part === null) await tellShrunk(failing, null);
    else if (!trace) console.log(failing.trace.join("\n"));
    console.log(`again: npm run sim -- --seed ${failing.seed}`);
  }
  console.log(`${count - failed.length} passed, ${failed.length} failed`);
  return failed.length > 0 ? 1 : 0;
}

/** What of a plan is to be played; null = all. */
export function partOf({ faults, work }: Pick<Request, "faults" | "work">): ((plan: Plan) => Plan) | null {
  if (faults === null && work === null) return null;
  return (plan) => {
    const whole = wholeOf(plan);
    return reduced(plan, { faults: faults ?? whole.faults, work: work ?? whole.work });
  };
}
