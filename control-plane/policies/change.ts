// One change of the metadata table: worked out from the table as it is, appended to the log, and pushed to the edges.

import { formatPosition } from "../../shared/core/position.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { policyField } from "../../shared/wire/configuration.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { PolicyRow } from "../../shared/wire/policy.ts";
import {
  appendField,
  NEVER,
  type Precondition,
  pushField,
  refusalOf,
  untilInForce,
} from "../configuration/append-field.ts";
import { textOf, versionOf } from "../configuration/version.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Operation } from "../invalidate/append.ts";
import type { Pushing } from "../invalidate/fan-out.ts";
import { type Journalled, journalled, NONE_STRANDED, strandedBy } from "../journal/stranded.ts";
import { readTable, rowNamed, type Table } from "./table.ts";
import { validatePolicies } from "./validate.ts";

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
  | Journalled
  | { readonly kind: "absent" | "exists" | "mismatch" | "conflict" }
  | Unavailable;

export const changePolicy = (plane: ControlPlane, change: PolicyChange): Promise<PolicyChanged> =>
  untilInForce<PolicyChanged>(plane, () => tryChange(plane, change));

async function tryChange(
  plane: ControlPlane,
  change: PolicyChange,
): Promise<PolicyChanged | { readonly kind: "outdated" }> {
  const table = await readTable(plane);
  if (table.kind === "unavailable") return table;
  const { site, id, to, operation } = change;
  const row = to === null ? null : { ...to, id, site };
  const { errors, warnings } = validatePolicies(row === null ? [] : [row], table, () => "");
  if (errors.length > 0) return { kind: "invalid", faults: errors };
  const version = row === null ? null : await versionOf(plane.digest, row);
  const field = policyField(site, id);
  const there = rowNamed(table, site, id) ?? (table.unreadable.includes(field) ? "unreadable" : null);
  const refused = refusalOf(change.precondition, there);
  const same = refused === null && rowNamed(table, site, id)?.version === version;
  const value = row === null ? null : textOf(row);
  const stranded =
    refused !== null || same
      ? NONE_STRANDED
      : await strandedBy(plane, { before: table.configuration, after: withField(table, field, value) });
  const sentAt = plane.clock.now();
  const appended = await appendField(plane, table.configuration, {
    ...{ field, value, operation },
    at: refused === null && !same && stranded.kind === "none" ? table.head : NEVER,
  });
  if (appended.kind === "conflict") return appended;
  // What is refused now, or is there already, may be what this very operation has done before.
  if (refused !== null && appended.kind === "outdated") return { kind: refused };
  if (stranded.kind !== "none" && appended.kind === "outdated") return journalled(stranded);
  if (same && appended.kind === "outdated")
    return { kind: "changed", version, position: formatPosition(table.head), applied: null, warnings };
  if (appended.kind === "outdated" || appended.kind === "unavailable") return appended;
  if (appended.kind !== "appended") return { kind: "unavailable", reason: appended.kind };
  const applied = await pushField(plane, appended, { id: operation.id, sentAt, pushing: change.pushing });
  const position = formatPosition(appended.position);
  return { kind: "changed", version, position, applied, warnings };
}

function withField({ configuration }: Table, field: string, value: string | null): Map<string, string> {
  const fields = new Map(configuration);
  if (value === null) fields.delete(field);
  else fields.set(field, value);
  return fields;
}
