// Judges a history against the invariants, from what happened and never from what the system says of itself.

import type { History, Violation } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import { judgeExchange } from "./answers.ts";
import { judgeBudget } from "./budget.ts";
import { judgeReceipts } from "./receipts.ts";
import { Scene } from "./scene.ts";
import { judgeWholes } from "./wholes.ts";

/** What is broken, the earliest first. */
export function judge(plan: Plan, history: History): Violation[] {
  const scene = new Scene(plan, history);
  for (const exchange of history.exchanges) judgeExchange(scene, exchange);
  judgeReceipts(scene);
  judgeWholes(scene);
  judgeBudget(scene);
  return [...history.violations, ...scene.found].sort((a, b) => a.at - b.at);
}
