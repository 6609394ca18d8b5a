// The sites as the log holds them: by name, each with its version, and with how much hangs on it.

import type { Site } from "../../shared/core/routing.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { LogHead, Unavailable } from "../../shared/ports/mid-tier.ts";
import { decodeSite } from "../../shared/wire/configuration.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { originField, originSchema } from "../../shared/wire/origin-limits.ts";
import { versionOf } from "../configuration/version.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type FullSiteRow, rowOfSite } from "./row.ts";

export interface SiteEntry {
  readonly name: string;
  readonly site: Site;
  readonly row: FullSiteRow;
  /** Names this content of the row, and no other. */
  readonly version: string;
  /** Ids of its policies, readable or not. */
  readonly policies: readonly string[];
}

export interface Sites {
  readonly kind: "sites";
  /** By name. */
  readonly entries: readonly SiteEntry[];
  /** Fields that another release has written, and this one can't read. */
  readonly unreadable: readonly string[];
  readonly configuration: ReadonlyMap<string, string>;
  readonly head: LogHead;
}

export async function readSites({
  log,
  digest,
}: Pick<ControlPlane, "log" | "digest">): Promise<Sites | Unavailable> {
  const outcome = await log.snapshot(0);
  if (outcome.kind === "unavailable") return outcome;
  const { configuration, head } = outcome;
  const entries: SiteEntry[] = [];
  const unreadable: string[] = [];
  for (const [field, text] of configuration) {
    const [kind, name = ""] = field.split("/");
    if (kind !== "site") continue;
    const site = decodeSite(text);
    if (site === null) unreadable.push(field);
    else entries.push(await entryOf(digest, { name, site, configuration }));
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { kind: "sites", entries, unreadable, configuration, head };
}

async function entryOf(
  digest: Digest,
  of: { readonly name: string; readonly site: Site; readonly configuration: ReadonlyMap<string, string> },
): Promise<SiteEntry> {
  const { name, site, configuration } = of;
  const limits = originSchema.safeParse(parseJson(configuration.get(originField(name)) ?? "null")).data;
  const row = rowOfSite(site, limits);
  const policies = [...configuration.keys()].flatMap((field) => {
    const [kind, on, id = ""] = field.split("/");
    return kind === "policy" && on === name ? [id] : [];
  });
  return { name, site, row, version: await versionOf(digest, row), policies };
}

export const siteNamed = ({ entries }: Sites, name: string): SiteEntry | null =>
  entries.find((entry) => entry.name === name) ?? null;
