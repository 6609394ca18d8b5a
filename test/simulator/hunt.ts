// Hunts a mutant: good when some seed finds it out, because then the simulator would notice that fault.

import { tellShrunk } from "./report.ts";
import type { Request } from "./request.ts";
import { partOf } from "./run-seeds.ts";
import { seededPlan, simulate } from "./simulate.ts";

export async function hunt(request: Request, mutant: string): Promise<number> {
  const { first, count, trace } = request;
  const part = partOf(request) ?? ((plan) => plan);
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate(seed, part(seededPlan(seed)));
    const [violation] = result.violations;
    if (violation === undefined) continue;
    if (trace) await tellShrunk(result, mutant);
    console.log(`${mutant}: caught at seed ${seed} by invariant ${violation.invariant}`);
    console.log(violation.text);
    return 0;
  }
  console.log(`${mutant}: not caught in ${count} seeds`);
  return 1;
}
