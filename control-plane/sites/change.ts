// One change of a site: worked out from the sites as they are, appended step by step, and pushed to the edges.

import { formatPosition, type Position } from "../../shared/core/position.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { encodeSite, policyField, siteField } from "../../shared/wire/configuration.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { encodeOrigin, originField } from "../../shared/wire/origin-limits.ts";
import {
  appendField,
  NEVER,
  type Precondition,
  pushField,
  refusalOf,
  untilInForce,
} from "../configuration/append-field.ts";
import { versionOf } from "../configuration/version.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Operation } from "../invalidate/append.ts";
import type { Pushing } from "../invalidate/fan-out.ts";
import {
  type Journalled,
  journalled,
  NONE_STRANDED,
  type Stranded,
  strandedBy,
} from "../journal/stranded.ts";
import { edgeHosts } from "./edge-hosts.ts";
import { type FullSiteRow, readSiteRow, type SiteRow } from "./row.ts";
import { readSites, type SiteEntry, type Sites, siteNamed } from "./table.ts";
import { validateSites } from "./validate.ts";

export interface SiteChange {
  readonly name: string;
  /** Null takes the site out. */
  readonly to: SiteRow | null;
  /** With a site that goes; else they keep it. */
  readonly policies: "keep" | "delete";
  /** Whether another origin answers as the one before did. */
  readonly sameAnswers: boolean;
  readonly precondition: Precondition;
  readonly operation: Operation;
  readonly pushing: Pushing;
}

export type SiteChanged =
  | {
      readonly kind: "changed";
      /** Null where it is gone. */
      readonly row: FullSiteRow | null;
      readonly version: string | null;
      readonly position: string;
      readonly applied: readonly string[] | null;
      readonly warnings: readonly Fault[];
    }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] }
  | Journalled
  /** Its policies would be nobody's. */
  | { readonly kind: "in-use"; readonly policies: readonly string[] }
  /** Without any site edges serve every host from wherever their network leads. */
  | { readonly kind: "absent" | "exists" | "mismatch" | "conflict" | "last" }
  | Unavailable;

type Outdated = { readonly kind: "outdated" };

export const changeSite = (plane: ControlPlane, change: SiteChange): Promise<SiteChanged> =>
  untilInForce<SiteChanged>(plane, () => tryChange(plane, change));

async function tryChange(plane: ControlPlane, change: SiteChange): Promise<SiteChanged | Outdated> {
  const sites = await readSites(plane);
  if (sites.kind === "unavailable") return sites;
  const { name, to } = change;
  const there = siteNamed(sites, name);
  const field = siteField(name);
  const refused = refusalOf(
    change.precondition,
    there ?? (sites.unreadable.includes(field) ? "unreadable" : null),
  );
  if (to === null) return refused === null ? remove(plane, { change, sites, there }) : { kind: refused };
  const reach = plane.settings.privateOrigins;
  const read = readSiteRow({ ...to, name }, { name, reach });
  const beside = { sites, reach, edges: await edgeHosts(plane) };
  const { errors, warnings } = validateSites([{ ...to, name }], beside, () => "");
  if (errors.length > 0 || read.kind === "invalid") return { kind: "invalid", faults: errors };
  const { row } = read;
  const version = await versionOf(plane.digest, row);
  const same = refused === null && there?.version === version;
  const limits = row.limits === undefined ? null : encodeOrigin(row.limits);
  const steps: Step[] = [];
  // Before the site itself: whoever knows the site knows its limits.
  if ((sites.configuration.get(originField(name)) ?? null) !== limits)
    steps.push({ field: originField(name), value: limits });
  steps.push({ field, value: encodeSite(read.site), main: true });
  const stranded = refused !== null || same ? NONE_STRANDED : await strandedBySteps(plane, sites, steps);
  const only = refused !== null || same || stranded.kind !== "none" ? "before" : "now";
  const done = await applySteps(plane, { change, sites, only }, steps);
  // What is refused now, or is there already, may be what this very operation has done before.
  if (refused !== null && done.kind === "outdated") return { kind: refused };
  if (stranded.kind !== "none" && done.kind === "outdated") return journalled(stranded);
  if (same && done.kind === "outdated")
    return { kind: "changed", row, version, position: formatPosition(sites.head), applied: null, warnings };
  return done.kind === "done" ? { ...done, kind: "changed", row, version, warnings } : done;
}

interface Removal {
  readonly change: SiteChange;
  readonly sites: Sites;
  readonly there: SiteEntry | null;
}

async function remove(
  plane: ControlPlane,
  { change, sites, there }: Removal,
): Promise<SiteChanged | Outdated> {
  const { name } = change;
  const policies = there?.policies ?? [];
  if (sites.entries.length === 1 && there !== null) return { kind: "last" };
  if (policies.length > 0 && change.policies === "keep") return { kind: "in-use", policies };
  const steps: Step[] = [
    ...policies.map((id) => ({ field: policyField(name, id), value: null })),
    { field: siteField(name), value: null, main: true },
    // After the site: until then whoever knows it knows its limits.
    ...(sites.configuration.has(originField(name)) ? [{ field: originField(name), value: null }] : []),
  ];
  const stranded = await strandedBySteps(plane, sites, steps);
  if (stranded.kind !== "none") return journalled(stranded);
  const done = await applySteps(plane, { change, sites, only: "now" }, steps);
  return done.kind === "done" ? { ...done, kind: "changed", row: null, version: null, warnings: [] } : done;
}

interface Step {
  readonly field: string;
  readonly value: string | null;
  /** The one that the operation is known by. */
  readonly main?: true;
}

function strandedBySteps(plane: ControlPlane, sites: Sites, steps: readonly Step[]): Promise<Stranded> {
  const after = new Map(sites.configuration);
  for (const { field, value } of steps) {
    if (value === null) after.delete(field);
    else after.set(field, value);
  }
  return strandedBy(plane, { before: sites.configuration, after });
}

interface Done {
  readonly kind: "done";
  readonly position: string;
  readonly applied: readonly string[];
}

/**
 * Each from what the one before it has left; the last one's position is that of all. `before`: nothing is appended; what
 * the operation has done before is found.
 */
async function applySteps(
  plane: ControlPlane,
  from: { readonly change: SiteChange; readonly sites: Sites; readonly only: "now" | "before" },
  steps: readonly Step[],
): Promise<Done | Unavailable | Outdated | { readonly kind: "conflict" }> {
  const { change, sites, only } = from;
  const { operation, pushing, sameAnswers } = change;
  const configuration = new Map(sites.configuration);
  let at: Position = sites.head;
  let applied: readonly string[] = [];
  for (const { field, value, main } of steps) {
    if (only === "before" && main === undefined) continue;
    const sentAt = plane.clock.now();
    const own = main ? operation : await partOf(plane, operation, field);
    const appended = await appendField(plane, configuration, {
      ...{ field, value, sameAnswers, operation: own, at: only === "before" ? NEVER : at },
    });
    if (appended.kind === "unreplicated") return { kind: "unavailable", reason: appended.kind };
    if (appended.kind !== "appended") return appended;
    at = appended.position;
    if (value === null) configuration.delete(field);
    else configuration.set(field, value);
    applied = await pushField(plane, appended, { id: own.id, sentAt, pushing });
  }
  return { kind: "done", position: formatPosition(at), applied };
}

/** An operation of its own, the same for the same order. */
async function partOf({ digest }: ControlPlane, operation: Operation, field: string): Promise<Operation> {
  const id = await digest.sha256Hex(JSON.stringify([operation.id, field]));
  return { ...operation, id, requestDigest: id };
}
