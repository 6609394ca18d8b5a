// Begins an experiment: one at a time, written down and audited before anything is broken.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ChaosOrder } from "../../shared/wire/chaos.ts";
import type { By } from "../audit-log/record.ts";
import { record } from "../audit-log/record.ts";
import { type AgentAnswer, orderExperiment } from "./agent.ts";
import { type FollowPorts, followExperiment } from "./follow.ts";
import { isOver, orderedReport, reportTexts } from "./report.ts";

export interface Start {
  readonly order: ChaosOrder;
  readonly reason: string | null;
  readonly by: By & { readonly operation: { readonly id: string; readonly requestDigest: string } };
}

export type StartOutcome =
  /** Or it was, by the same operation. */
  | { readonly kind: "begun" }
  | { readonly kind: "conflict" }
  /** `id` is null where the agent alone knows it. */
  | { readonly kind: "busy"; readonly id: string | null }
  | { readonly kind: "refused" | "distrusted"; readonly why: string }
  /** `unsure`: it may have begun all the same. */
  | { readonly kind: "agent-away"; readonly reason: string; readonly unsure: boolean }
  | Unavailable;

export async function startExperiment(plane: FollowPorts, start: Start): Promise<StartOutcome> {
  const { order, reason, by } = start;
  const { head } = reportTexts(orderedReport(order, plane.clock.wall()));
  const begin = () =>
    plane.experiments.begin({ ...by.operation, id: order.id, actor: by.actor, reason, head });
  let begun = await begin();
  // Perhaps it is over, and nobody has looked since.
  if (begun.kind === "busy" && (await hasEnded(plane, begun.id))) begun = await begin();
  switch (begun.kind) {
    case "exists":
      return { kind: "begun" };
    case "begun":
      return broken(plane, start);
    case "conflict":
      return { kind: "conflict" };
    default:
      return begun;
  }
}

async function broken(plane: FollowPorts, start: Start): Promise<StartOutcome> {
  const { order, reason, by } = start;
  const detail = { ...order, ...(reason === null ? {} : { reason }) };
  const recorded = await record(plane, { action: "chaos.start", result: "accepted", detail }, by);
  // An action that can't be recorded is not taken.
  if (recorded.kind !== "appended") {
    await plane.experiments.forget(order.id);
    return recorded;
  }
  return takenBack(plane, start, await orderExperiment(plane, order));
}

async function hasEnded(plane: FollowPorts, id: string): Promise<boolean> {
  const followed = await followExperiment(plane, id);
  if (followed.kind === "absent") await plane.experiments.forget(id);
  return followed.kind === "absent" || (followed.kind === "followed" && isOver(followed.report));
}

/** What the agent has not begun is not there, so that the same request may be sent again. */
async function takenBack(
  plane: FollowPorts,
  { order, by }: Start,
  answer: AgentAnswer,
): Promise<StartOutcome> {
  if (answer.kind === "report" || answer.kind === "taken") return { kind: "begun" };
  if (answer.kind === "unreachable" && answer.reason !== "refused")
    // Whether it has begun shows when it is looked at.
    return { kind: "agent-away", reason: answer.reason, unsure: true };
  await plane.experiments.forget(order.id);
  const why = "why" in answer ? answer.why : "reason" in answer ? answer.reason : "it has no such route";
  const { operation: _, ...author } = by;
  await record(
    plane,
    { action: "chaos.abort", detail: { id: order.id, experiment: order.experiment, problem: why } },
    author,
  );
  switch (answer.kind) {
    case "busy":
      return { kind: "busy", id: null };
    case "refused":
      return { kind: "refused", why };
    case "distrusts":
      return { kind: "distrusted", why };
    default:
      return { kind: "agent-away", reason: why, unsure: false };
  }
}
