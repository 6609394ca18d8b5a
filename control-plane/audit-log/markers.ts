// What was done, as marks on a chart: purges, policies, deployments, chaos and the like, merged where many fall together.

import type { AuditRecord } from "../../shared/ports/audit-log.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { EXPERIMENTS } from "../../shared/wire/chaos.ts";
import { CATALOGUE } from "../chaos/catalogue.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { maySee, type Principal } from "../tokens/scopes.ts";
import { selectRecords } from "./select.ts";

export const MARKER_KINDS = ["purge", "policy", "deployment", "chaos", "warmup", "shards", "alert"] as const;
export type MarkerKind = (typeof MARKER_KINDS)[number];

export interface Marker {
  readonly at: string;
  readonly kind: MarkerKind;
  readonly text: string;
  /** Null where there is nothing to look at. */
  readonly link: string | null;
}

export type MarkersRead =
  | {
      readonly kind: "markers";
      readonly markers: readonly Marker[];
      /** Milliseconds since 1970, from when on no mark is missing; null where that is the whole window. */
      readonly completeSince: number | null;
    }
  | Unavailable;

/** Oldest first. `since`: milliseconds since 1970; `step`: within which marks of one kind are one. */
export async function readMarkers(
  plane: Pick<ControlPlane, "auditLog" | "clock">,
  { since, step, by }: { readonly since: number; readonly step?: number; readonly by?: Principal },
): Promise<MarkersRead> {
  const width = step ?? Math.max(1000, (plane.clock.wall() - since) / LIMITS.markerSteps);
  const fits = (record: AuditRecord): boolean =>
    kindOf(record) !== null && (by === undefined || maySee(by, record.site));
  const groups = new Map<string, Group>();
  let below: number | null = null;
  let reached = plane.clock.wall();
  for (let looked = 0; looked < LIMITS.markersScanned; looked += LIMITS.auditScanned) {
    const selected = await selectRecords(plane, { fits, since, below, limit: LIMITS.auditScanned });
    if (selected.kind === "unavailable") return selected;
    for (const record of selected.records) addTo(groups, record, width);
    if (selected.next === null)
      return { kind: "markers", markers: marksOf(groups.values()), completeSince: null };
    below = selected.next;
    reached = selected.reached ?? reached;
  }
  // Of the last record's own millisecond there may be more behind it.
  return { kind: "markers", markers: marksOf(groups.values()), completeSince: reached + 1 };
}

/** What edges invalidate of themselves is traffic, not somebody's doing. */
function kindOf({ action, token, result, actor }: AuditRecord): MarkerKind | null {
  if (result === "failed" || result === "refused") return null;
  if (action === "invalidate") return token === null && actor.startsWith("edge/") ? null : "purge";
  const [family] = action.split(".", 1);
  if (family === "policy" || family === "site") return "policy";
  // Acknowledging one changes nothing that a chart shows.
  if (action === "alert.fire" || action === "alert.clear") return "alert";
  const same = ["deployment", "chaos", "warmup", "shards"] as const;
  return same.find((kind) => kind === family) ?? null;
}

interface Group {
  readonly kind: MarkerKind;
  readonly count: number;
  readonly oldest: AuditRecord;
}

/** Records come newest first. */
function addTo(groups: Map<string, Group>, record: AuditRecord, width: number): void {
  const kind = kindOf(record);
  if (kind === null) return;
  const name = `${kind} ${Math.floor(record.at / width)}`;
  groups.set(name, { kind, count: (groups.get(name)?.count ?? 0) + 1, oldest: record });
}

const marksOf = (groups: Iterable<Group>): Marker[] =>
  [...groups]
    .sort((a, b) => a.oldest.seq - b.oldest.seq)
    .map(({ kind, count, oldest }) => {
      const at = new Date(oldest.at).toISOString();
      return count === 1
        ? { at, kind, text: textOf(kind, oldest), link: linkOf(kind, oldest) }
        : { at, kind, text: `${count} ${PLURALS[kind]}`, link: LISTS[kind] };
    });

const PLURALS: Readonly<Record<MarkerKind, string>> = {
  ...{ purge: "purges", policy: "changes of policies or sites", deployment: "deployments" },
  ...{ chaos: "steps of chaos", warmup: "steps of warm-ups", shards: "changes of shards" },
  alert: "changes of alerts",
};

const LISTS: Readonly<Record<MarkerKind, string | null>> = {
  ...{ purge: "/invalidations", policy: "/policies", deployment: null, chaos: "/chaos" },
  ...{ warmup: "/warmups", shards: "/shards", alert: "/alerts" },
};

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function textOf(kind: MarkerKind, { action, actor, site, detail }: AuditRecord): string {
  const named = Array.isArray(detail.named) ? detail.named : [];
  switch (kind) {
    case "purge": {
      const more = Number(detail.selectors ?? 0) - 1;
      return `purge of ${named[0] ?? site ?? "nothing"}${more > 0 ? ` and ${more} more` : ""} by ${actor}`;
    }
    case "deployment":
      return [`deployment ${text(detail.version) ?? ""}`, text(detail.note)].filter(Boolean).join(": ");
    case "chaos":
      return chaosText(action, actor, detail);
    default: {
      const about = ["policy", "rule", "title", "experiment", "id", "version"].map((name) => detail[name]);
      const [what] = about.filter((value) => value !== undefined && value !== null);
      return [action, what ?? site, `by ${actor}`].filter(Boolean).join(" ");
    }
  }
}

/** Its start, its end with what came of it, or that it was ended. */
function chaosText(action: string, actor: string, detail: AuditRecord["detail"]): string {
  const experiment = EXPERIMENTS.find((one) => one === detail.experiment);
  // What is broken of the experiment's own site needs no name.
  const target =
    experiment !== undefined && CATALOGUE[experiment].target === null ? null : text(detail.target);
  const what = [experiment ?? "an experiment", target].filter(Boolean).join(" ");
  if (action === "chaos.start") return `chaos begins: ${what}, by ${actor}`;
  return action === "chaos.abort"
    ? `chaos aborted: ${what}`
    : `chaos ends: ${what} ${text(detail.state) ?? ""}`.trim();
}

function linkOf(kind: MarkerKind, { action, site, detail }: AuditRecord): string | null {
  const id = text(detail.id);
  const policy = text(detail.policy);
  switch (kind) {
    case "purge":
      return id === null ? LISTS.purge : `/invalidations/${encodeURIComponent(id)}`;
    case "policy": {
      if (action.startsWith("site")) return site === null ? "/sites" : `/sites/${encodeURIComponent(site)}`;
      if (policy === null || site === null) return LISTS.policy;
      return `/policies/${encodeURIComponent(policy)}?site=${encodeURIComponent(site)}`;
    }
    case "deployment":
      return text(detail.url);
    case "warmup":
    case "chaos":
      return id === null
        ? LISTS[kind]
        : `/${kind === "chaos" ? "chaos" : "warmups"}/${encodeURIComponent(id)}`;
    default:
      return LISTS[kind];
  }
}
