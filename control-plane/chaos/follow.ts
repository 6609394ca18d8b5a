// How an experiment is by now: what its agent tells while it runs, what was kept of it, and its end where nobody tells one.

import type { KeptExperiment } from "../../shared/mid-tier/experiments.ts";
import type { AuditAppended } from "../../shared/ports/audit-log.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ChaosReport } from "../../shared/wire/chaos.ts";
import { record } from "../audit-log/record.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type AgentAnswer, type AgentPorts, abortExperiment, askExperiment } from "./agent.ts";
import { abortedReport, isOver, readTexts, reportTexts } from "./report.ts";

export type FollowPorts = AgentPorts & Pick<ControlPlane, "experiments" | "auditLog">;

/** A report, and who has asked for it: nobody who is known where it was not begun here, or Redis is away. */
export interface Followed {
  readonly report: ChaosReport;
  readonly actor: string | null;
  readonly reason: string | null;
  /** Whether the agent has just told it, and not Redis. */
  readonly heard: boolean;
}

export type FollowOutcome =
  | ({ readonly kind: "followed" } & Followed)
  | { readonly kind: "absent" }
  | Unavailable;

export async function followExperiment(plane: FollowPorts, id: string): Promise<FollowOutcome> {
  const read = await plane.experiments.read(id);
  if (read.kind === "absent") return read;
  if (read.kind === "unavailable") {
    // A shard that is broken on purpose may be the one that would know: whoever broke it knows too.
    const answer = await askExperiment(plane, id);
    return answer.kind === "report"
      ? { kind: "followed", report: answer.report, actor: null, reason: null, heard: true }
      : read;
  }
  const { experiment } = read;
  const report = readTexts(experiment);
  if (report === null) return { kind: "absent" };
  const present = experiment.isOver
    ? { report, heard: false }
    : await presentReport(plane, experiment, report);
  return { kind: "followed", ...present, actor: experiment.actor || null, reason: experiment.reason };
}

/** Of the one that runs, as often as the beat asks for it: so that an end comes whether or not somebody looks. */
export async function watchExperiment(plane: FollowPorts): Promise<void> {
  const running = await plane.experiments.running();
  if (running.kind === "unavailable" || running.id === null) return;
  const followed = await followExperiment(plane, running.id);
  if (followed.kind === "absent") await plane.experiments.forget(running.id);
  else if (followed.kind === "followed" && followed.heard && !isOver(followed.report))
    await plane.experiments.keep(running.id, { isOver: false, ...reportTexts(followed.report) });
}

type Present = Pick<Followed, "report" | "heard">;

async function presentReport(
  plane: FollowPorts,
  experiment: KeptExperiment,
  kept: ChaosReport,
): Promise<Present> {
  const { id, ageMs } = experiment;
  if (plane.settings.chaosAgent === null)
    return end(plane, kept, "Chaos was turned off while it ran: how it ended is not known.");
  const answer = await askExperiment(plane, id);
  if (answer.kind === "report") {
    const { report } = answer;
    if (isOver(report)) return takeEnd(plane, report);
    if (ageMs <= LIMITS.chaosRunsAtMost) return { report, heard: true };
    await abortExperiment(plane, id, null);
    return end(plane, report, `It was not over after ${LIMITS.chaosRunsAtMost / 60_000} minutes.`);
  }
  const problem = whyOver(answer, experiment);
  return problem === null ? { report: kept, heard: false } : end(plane, kept, problem);
}

/** Null while it may still be heard of. */
function whyOver(answer: AgentAnswer, { ageMs, silentMs }: KeptExperiment): string | null {
  if (answer.kind === "unreachable" || answer.kind === "distrusts") {
    const why = answer.kind === "distrusts" ? ` It takes nothing from here: ${answer.why}.` : "";
    return silentMs > LIMITS.chaosSilentFor
      ? `The agent has not been heard of for ${LIMITS.chaosSilentFor / 1000} s.${why}`
      : null;
  }
  return ageMs > LIMITS.chaosOrderedFor
    ? "The agent knows nothing of it any more: it was started anew."
    : null;
}

/** What it came to where it can't be kept now, it comes to when it is looked at again. */
async function takeEnd(plane: FollowPorts, report: ChaosReport): Promise<Present> {
  await takeReport(plane, report);
  return { report, heard: true };
}

function end(plane: FollowPorts, report: ChaosReport, problem: string): Promise<Present> {
  return takeEnd(plane, abortedReport(report, { problem, at: plane.clock.wall() }));
}

/** Of one that is over: audited, then kept, each once however often it is told. */
export async function takeReport(
  plane: FollowPorts,
  report: ChaosReport,
): Promise<{ readonly kind: "kept" | "known" } | Unavailable> {
  const { id } = report;
  const read = await plane.experiments.read(id);
  if (read.kind === "unavailable") return read;
  if (read.kind === "experiment" && read.experiment.isOver) return { kind: "known" };
  const actor = read.kind === "experiment" ? read.experiment.actor : "";
  const recorded = await recordEnd(plane, report, actor || "chaos agent");
  if (recorded.kind === "unavailable") return recorded;
  const kept = await plane.experiments.keep(id, { isOver: true, ...reportTexts(report) });
  return kept.kind === "unavailable" ? kept : { kind: kept.kind === "known" ? "known" : "kept" };
}

/** In the name of whoever ended it early, else of `otherwise`: once, though it may not be healed yet, or is told again. */
export function recordEnd(
  plane: FollowPorts,
  report: ChaosReport,
  otherwise: string,
): Promise<AuditAppended> {
  const { id, experiment, target, state, problem, abortedBy } = report;
  const failing = report.verdicts.flatMap(({ name, holds }) => (holds ? [] : [name]));
  const detail = { id, experiment, target, state, failing, problem };
  const action = state === "aborted" ? "chaos.abort" : "chaos.end";
  const operation = { id, requestDigest: id };
  return record(
    plane,
    { action, detail },
    { actor: abortedBy?.actor ?? otherwise, asked: abortedBy, operation },
  );
}
