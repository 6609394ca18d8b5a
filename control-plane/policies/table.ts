// The metadata table as the log holds it: its rows by site and id, and where the log stood.

import { inForceOrder, type Site } from "../../shared/core/routing.ts";
import type { Policy } from "../../shared/core/rules.ts";
import type { LogHead, Unavailable } from "../../shared/ports/mid-tier.ts";
import { isBrought } from "../../shared/wire/boot-mark.ts";
import { decodeSite } from "../../shared/wire/configuration.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { type PolicyRow, readPolicy } from "../../shared/wire/policy.ts";
import { versionOf } from "../configuration/version.ts";
import type { ControlPlane } from "../control-plane.ts";

export interface TableRow {
  readonly site: string;
  readonly id: string;
  /** With its site and id. */
  readonly row: PolicyRow;
  readonly policy: Policy;
  /** Names this content of the row, and no other. */
  readonly version: string;
}

export interface Table {
  readonly kind: "table";
  /** In the order in which they apply: the first of its site that matches a URL governs it. */
  readonly rows: readonly TableRow[];
  /** Fields that another release has written, and this one can't read. */
  readonly unreadable: readonly string[];
  /** By name. */
  readonly sites: ReadonlyMap<string, Site>;
  readonly configuration: ReadonlyMap<string, string>;
  readonly head: LogHead;
}

export async function readTable({
  log,
  digest,
  settings,
}: Pick<ControlPlane, "log" | "digest" | "settings">): Promise<Table | Unavailable> {
  const outcome = await log.snapshot(0);
  if (outcome.kind === "unavailable") return outcome;
  const { configuration, head } = outcome;
  const own = isBrought(configuration) ? [] : settings.sites;
  const sites = new Map(own.map((site: Site) => [site.name, site]));
  const rows: TableRow[] = [];
  const unreadable: string[] = [];
  for (const [field, text] of configuration) {
    const [kind, site = "", id = ""] = field.split("/");
    const served = kind === "site" ? decodeSite(text) : null;
    if (served !== null) sites.set(site, served);
    if (kind !== "policy") continue;
    const read = readPolicy(parseJson(text), { id, site });
    if (read.kind === "invalid") unreadable.push(field);
    else {
      const named = { ...read.row, id, site };
      rows.push({ site, id, row: named, policy: read.policy, version: await versionOf(digest, named) });
    }
  }
  rows.sort((a, b) => (a.site < b.site ? -1 : a.site > b.site ? 1 : inForceOrder(a.policy, b.policy)));
  return { kind: "table", rows, unreadable, sites, configuration, head };
}

export const rowNamed = (table: Table, site: string, id: string): TableRow | null =>
  table.rows.find((row) => row.site === site && row.id === id) ?? null;
