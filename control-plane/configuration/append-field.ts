// One field of the configuration, changed on somebody's order: appended with what it takes names from, and pushed to the edges.

import type { Position } from "../../shared/core/position.ts";
import { millis } from "../../shared/core/units.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Ack } from "../../shared/mid-tier/receipts.ts";
import type { AppendOutcome } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Operation } from "../invalidate/append.ts";
import { type Appended, type Pushing, pushable, pushTo } from "../invalidate/fan-out.ts";
import { auditOf } from "./field-audit.ts";
import { type Change, rowsOf, selectorsLost } from "./losing.ts";

/** What has to be true of a row before it is changed. */
export type Precondition =
  | { readonly kind: "absent" }
  /** Null: any version. */
  | { readonly kind: "is"; readonly versions: readonly string[] | null };

export interface FieldChange extends Change {
  readonly operation: Operation;
  /** Where the configuration stood that it was worked out from. */
  readonly at: Position;
}

/** Why a change is not made that others keep overtaking. */
export const OUTDATED = "outdated";

/** Where no configuration ever stood: nothing is appended by it, and what was before is found. */
export const NEVER: Position = { epoch: 1, seq: 0 };

export function appendField(
  { log, settings }: Pick<ControlPlane, "log" | "settings">,
  configuration: ReadonlyMap<string, string>,
  change: FieldChange,
): Promise<AppendOutcome> {
  const { operation, field, value, at } = change;
  const selectors = selectorsLost(
    { configuration: rowsOf(configuration), first: configuration.size === 0 },
    change,
  );
  return appendConfirmed(log, {
    operationId: operation.id,
    requestDigest: operation.requestDigest,
    actor: operation.actor,
    ...(operation.asked !== undefined && { asked: operation.asked }),
    ...auditOf(change),
    payload: { kind: "config", field, value, selectors },
    detail: field,
    replicas: settings.replicas,
    preceding: LIMITS.pushPreceding,
    expected: { position: at, of: "configuration" },
  });
}

/** The edges that have said in good time that they go by it. */
export async function pushField(
  plane: ControlPlane,
  appended: AppendOutcome & { readonly kind: "appended" },
  by: { readonly id: string; readonly sentAt: Appended["sentAt"]; readonly pushing: Pushing },
): Promise<readonly string[]> {
  const push = pushable(appended, by);
  if (push === null) return [];
  const applied: string[] = [];
  const take = async (acks: readonly (readonly [edge: string, ack: Ack])[]): Promise<void> =>
    void applied.push(...acks.map(([edge]) => edge));
  await Promise.all([pushTo(plane, push, { ...by.pushing, take }), plane.witness.note(push.entry)]);
  return [...new Set(applied)].sort();
}

/** Null where the row is as it has to be; `there` is its version, or that nobody can read it, or null where there is none. */
export function refusalOf(
  precondition: Precondition,
  there: { readonly version: string } | "unreadable" | null,
): "absent" | "exists" | "mismatch" | null {
  if (precondition.kind === "absent") return there === null ? null : "exists";
  if (there === null) return "absent";
  const { versions } = precondition;
  if (versions === null) return null;
  // What this release can't read it can take out, and put another in its place, if nobody insists on a version.
  return there !== "unreadable" && versions.includes(there.version) ? null : "mismatch";
}

/** Once more from what it is by then where somebody else has changed the configuration meanwhile; several not in step. */
export async function untilInForce<Outcome extends { readonly kind: string }>(
  { timers, random }: Pick<ControlPlane, "timers" | "random">,
  attempt: () => Promise<Outcome | { readonly kind: "outdated" }>,
): Promise<Outcome | { readonly kind: "unavailable"; readonly reason: string }> {
  for (let tries = 1; ; tries++) {
    const outcome = await attempt();
    if (outcome.kind !== "outdated") return outcome as Outcome;
    if (tries === LIMITS.policyChangeTries) return { kind: "unavailable", reason: OUTDATED };
    await timers.sleep(millis(random.unit() * tries * LIMITS.policyChangePause));
  }
}
