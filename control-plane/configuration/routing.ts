// The sites and policies in force: what the log holds, and the environment's sites that it has not taken yet.

import type { Position } from "../../shared/core/position.ts";
import type { Routing } from "../../shared/core/routing.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { isBrought } from "../../shared/wire/boot-mark.ts";
import { encodeSite, siteField } from "../../shared/wire/configuration.ts";
import type { ControlPlane } from "../control-plane.ts";

export type RoutingOutcome =
  | {
      readonly kind: "routing";
      readonly routing: Routing;
      /** What it was read from, by field. */
      readonly fields: ReadonlyMap<string, string>;
      /** Where the log stood. */
      readonly position: Position;
    }
  | Unavailable;

/** Policies come from the log alone: selectors have to be made by the recipes that edges know. */
export async function readRouting({
  log,
  settings,
  routings,
}: Pick<ControlPlane, "log" | "settings" | "routings">): Promise<RoutingOutcome> {
  const outcome = await log.snapshot(0);
  if (outcome.kind === "unavailable") return outcome;
  const own = isBrought(outcome.configuration) ? [] : settings.sites;
  const fields = new Map(own.map((site) => [siteField(site.name), encodeSite(site)]));
  for (const [field, value] of outcome.configuration) fields.set(field, value);
  return { kind: "routing", routing: routings.of(fields), fields, position: outcome.head };
}
