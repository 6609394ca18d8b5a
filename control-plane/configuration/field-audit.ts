// What the audit log says of a change of one field of the configuration.

import type { AppendQuery } from "../../shared/ports/mid-tier.ts";
import type { Change } from "./losing.ts";

/** Whoever makes it. */
export function auditOf({ field, value }: Change): Pick<AppendQuery, "action" | "facts"> {
  const [kind, site = "", policy] = field.split("/");
  const to = value === null ? "delete" : "put";
  if (kind === "policy" && policy !== undefined) return { action: `policy.${to}`, facts: { site, policy } };
  // Its limits are a field of their own.
  if (kind === "site" || kind === "origin") return { action: `site.${to}`, facts: { site, field } };
  return { action: "configure", facts: { field } };
}
