// Ends an experiment before its time: its agent heals at once, and whatever is asked or written down comes after that.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ChaosAborter, ChaosReport } from "../../shared/wire/chaos.ts";
import { abortExperiment } from "./agent.ts";
import { type Followed, type FollowPorts, followExperiment, recordEnd, takeReport } from "./follow.ts";
import { abortedReport, isOver } from "./report.ts";

export type StopOutcome =
  /** Or it is about to: it is healed first. Or it was over before. */
  | ({ readonly kind: "stopped" } & Followed)
  | { readonly kind: "absent" }
  | { readonly kind: "agent-away"; readonly reason: string }
  | { readonly kind: "distrusted"; readonly why: string }
  | Unavailable;

/**
 * What is broken may be where it would be recorded and looked up. Who ended it comes back with the agent's last word
 * then, and is recorded with that.
 */
export async function stopExperiment(plane: FollowPorts, id: string, by: ChaosAborter): Promise<StopOutcome> {
  const answer = await abortExperiment(plane, id, by);
  if (answer.kind === "report") {
    const { report } = answer;
    // An agent of the release before does not say who ended it.
    return noted(plane, report.state === "aborted" ? { abortedBy: by, ...report } : report);
  }
  const followed = await followExperiment(plane, id);
  if (followed.kind !== "followed") return followed;
  const { report: running } = followed;
  if (isOver(running)) return { ...followed, kind: "stopped" };
  switch (answer.kind) {
    case "taken": {
      const report: ChaosReport = { ...running, state: "aborted", abortedBy: by };
      await recordEnd(plane, report, by.actor);
      return { ...followed, kind: "stopped", report };
    }
    case "unknown": {
      const problem = "It was ended; the agent knew nothing of it any more.";
      const ended = abortedReport(running, { problem, at: plane.clock.wall() });
      const report = { ...ended, abortedBy: by };
      await takeReport(plane, report);
      return { ...followed, kind: "stopped", report };
    }
    case "distrusts":
      return { kind: "distrusted", why: answer.why };
    default:
      return { kind: "agent-away", reason: "why" in answer ? answer.why : answer.reason };
  }
}

/** One that was over before stays as it was. */
async function noted(plane: FollowPorts, report: ChaosReport): Promise<StopOutcome> {
  if (isOver(report)) await takeReport(plane, report);
  else await recordEnd(plane, report, "chaos agent");
  const followed = await followExperiment(plane, report.id);
  if (followed.kind !== "followed")
    return { kind: "stopped", report, actor: null, reason: null, heard: true };
  return { ...followed, kind: "stopped", ...(isOver(followed.report) ? {} : { report }) };
}
