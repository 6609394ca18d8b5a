// Ends an experiment before its time: its agent heals at once.

import type { ChaosReport } from "../../shared/wire/chaos.ts";
import { abortExperiment } from "./agent.ts";
import { type FollowPorts, takeReport } from "./follow.ts";
import { abortedReport, isOver } from "./report.ts";

export type StopOutcome =
  /** Or it is about to: it is healed first. */
  | { readonly kind: "stopped"; readonly report: ChaosReport }
  | { readonly kind: "agent-away"; readonly reason: string }
  | { readonly kind: "distrusted"; readonly why: string };

export async function stopExperiment(plane: FollowPorts, running: ChaosReport): Promise<StopOutcome> {
  const answer = await abortExperiment(plane, running.id);
  switch (answer.kind) {
    case "report":
      if (isOver(answer.report)) await takeReport(plane, answer.report);
      return { kind: "stopped", report: answer.report };
    case "taken":
      return { kind: "stopped", report: running };
    case "unknown": {
      const problem = "It was ended; the agent knew nothing of it any more.";
      const report = abortedReport(running, { problem, at: plane.clock.wall() });
      await takeReport(plane, report);
      return { kind: "stopped", report };
    }
    case "distrusts":
      return { kind: "distrusted", why: answer.why };
    default:
      return { kind: "agent-away", reason: "why" in answer ? answer.why : answer.reason };
  }
}
