// What a request does is recorded before it is acknowledged: an action that can't be recorded is not taken, but an abort (ADR 61).

import type { Context } from "hono";
import { type Act, record } from "../audit-log/record.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { ApiEnvironment } from "./environment.ts";
import { idempotencyConflict, type NamedOperation } from "./idempotency.ts";
import { authorOf } from "./orders.ts";
import { unavailable } from "./problem.ts";

type Recording = Pick<ControlPlane, "auditLog" | "random">;

/** Throws the refusal that whoever asked gets where it can't be recorded: nothing is lost by asking again. */
export async function audited(
  context: Context<ApiEnvironment>,
  plane: Recording,
  act: Act & { readonly operation?: NamedOperation },
): Promise<{ readonly seq: number; readonly at: number }> {
  const { operation, ...rest } = act;
  const outcome = await record(plane, rest, { ...authorOf(context), operation });
  if (outcome.kind === "conflict") throw idempotencyConflict();
  if (outcome.kind === "unavailable")
    throw unavailable(`${outcome.reason}, so it was not recorded`, "Nothing was done: try again.");
  return outcome;
}

/** Of what was recorded as accepted, that it came to nothing: whoever asked is told so himself, recorded or not. */
export async function auditedFailure(
  context: Context<ApiEnvironment>,
  plane: Recording,
  act: Act,
): Promise<void> {
  const outcome = await record(plane, { ...act, result: "failed" }, authorOf(context));
  if (outcome.kind !== "appended")
    console.error(`the failure of ${act.action} was not recorded: ${outcome.kind}`);
}
