// One change of the metadata table: worked out from the table as it is, appended to the log, and pushed to the edges.

import { formatPosition, type Position } from "../../shared/core/position.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Ack } from "../../shared/mid-tier/receipts.ts";
import type { AppendOutcome, Unavailable } from "../../shared/ports/mid-tier.ts";
import { policyField } from "../../shared/wire/configuration.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { PolicyRow } from "../../shared/wire/policy.ts";
import { LIMITS } from "../config.ts";
import { rowsOf, selectorsLost } from "../configuration/losing.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Operation } from "../invalidate/append.ts";
import { type Appended, type Pushing, pushable, pushTo } from "../invalidate/fan-out.ts";
import { readTable, rowNamed, type Table, textOf, versionOf } from "./table.ts";
import { validatePolicies } from "./validate.ts";

/** What has to be true of the row before it is changed. */
export type Precondition =
  | { readonly kind: "absent" }
  /** Null: any version. */
  | { readonly kind: "is"; readonly versions: readonly string[] | null };

export interface PolicyChange {
  readonly site: string;
  readonly id: string;
  /** Null takes the row out. */
  readonly to: PolicyRow | null;
  readonly precondition: Precondition;
  readonly operation: Operation;
  readonly pushing: Pushing;
}

export type PolicyChanged =
  | {
      readonly kind: "changed";
      /** Null where it is gone. */
      readonly version: string | null;
      /** From which on edges go by it. */
      readonly position: string;
      /** The edges that have said in good time that they go by it; null where there was nothing to change. */
      readonly applied: readonly string[] | null;
      /** Of what it does beside the table's other rows. */
      readonly warnings: readonly Fault[];
    }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] }
  | { readonly kind: "absent" | "exists" | "mismatch" | "conflict" }
  | Unavailable;

/** Once more from what it is by then where somebody else has changed the configuration meanwhile. */
export async function changePolicy(plane: ControlPlane, change: PolicyChange): Promise<PolicyChanged> {
  for (let tries = 1; ; tries++) {
    const outcome = await tryChange(plane, change);
    if (outcome.kind !== "outdated") return outcome;
    if (tries === LIMITS.policyChangeTries) return { kind: "unavailable", reason: outcome.kind };
  }
}

async function tryChange(
  plane: ControlPlane,
  change: PolicyChange,
): Promise<PolicyChanged | { readonly kind: "outdated" }> {
  const table = await readTable(plane);
  if (table.kind === "unavailable") return table;
  const { site, id, to } = change;
  const row = to === null ? null : { ...to, id, site };
  const { errors, warnings } = validatePolicies(row === null ? [] : [row], table, () => "");
  if (errors.length > 0) return { kind: "invalid", faults: errors };
  const version = row === null ? null : await versionOf(plane.digest, row);
  const refused = refusalOf(table, change);
  if (refused === null && rowNamed(table, site, id)?.version === version)
    return { kind: "changed", version, position: formatPosition(table.head), applied: null, warnings };
  const sentAt = plane.clock.now();
  const text = row === null ? null : textOf(row);
  const appended = await append(plane, table, { change, text, at: refused === null ? table.head : NEVER });
  if (appended.kind === "conflict") return appended;
  // What is refused now may be what this very operation has done before.
  if (refused !== null && appended.kind === "outdated") return { kind: refused };
  if (appended.kind === "outdated") return appended;
  if (appended.kind !== "appended") return { kind: "unavailable", reason: appended.kind };
  const push = pushable(appended, { id: change.operation.id, sentAt });
  const applied = push === null ? [] : await pushAll(plane, push, change.pushing);
  return { kind: "changed", version, position: formatPosition(appended.position), applied, warnings };
}

/** Where no configuration ever stood: nothing is appended by it, and what was before is found. */
const NEVER: Position = { epoch: 1, seq: 0 };

async function pushAll(plane: ControlPlane, push: Appended, pushing: Pushing): Promise<readonly string[]> {
  const applied: string[] = [];
  const take = async (acks: readonly (readonly [edge: string, ack: Ack])[]): Promise<void> =>
    void applied.push(...acks.map(([edge]) => edge));
  await Promise.all([pushTo(plane, push, { ...pushing, take }), plane.witness.note(push.entry)]);
  return [...new Set(applied)].sort();
}

function refusalOf(
  table: Table,
  { site, id, precondition }: PolicyChange,
): "absent" | "exists" | "mismatch" | null {
  const there = rowNamed(table, site, id);
  const unreadable = table.unreadable.includes(policyField(site, id));
  if (precondition.kind === "absent") return there !== null || unreadable ? "exists" : null;
  // What this release can't read it can take out, and put another in its place, if nobody insists on a version.
  if (there === null && !unreadable) return "absent";
  const { versions } = precondition;
  return versions === null || (there !== null && versions.includes(there.version)) ? null : "mismatch";
}

function append(
  { log, settings }: Pick<ControlPlane, "log" | "settings">,
  { configuration }: Table,
  {
    change,
    text,
    at,
  }: { readonly change: PolicyChange; readonly text: string | null; readonly at: Position },
): Promise<AppendOutcome> {
  const { operation, site, id } = change;
  const field = policyField(site, id);
  const from = { configuration: rowsOf(configuration), first: configuration.size === 0 };
  const selectors = selectorsLost(from, { field, value: text });
  return appendConfirmed(log, {
    operationId: operation.id,
    requestDigest: operation.requestDigest,
    actor: operation.actor,
    action: text === null ? "policy-delete" : "policy-put",
    payload: { kind: "config", field, value: text, selectors },
    detail: JSON.stringify({ site, policy: id }),
    replicas: settings.replicas,
    preceding: LIMITS.pushPreceding,
    expected: { position: at, of: "configuration" },
  });
}
