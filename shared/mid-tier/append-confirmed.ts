// Appends an entry, and has the log tell of it once replicas have it.

import type { AppendOutcome, AppendQuery, Log } from "../ports/mid-tier.ts";

/** `appended` only where the entry is acknowledged: replicas have it, and know that it may be told. Never rejects. */
export async function appendConfirmed(
  log: Pick<Log, "append" | "confirm">,
  query: AppendQuery,
): Promise<AppendOutcome> {
  const appended = await log.append(query);
  if (appended.kind !== "appended" || appended.told || appended.entry === null) return appended;
  const confirmed = await log.confirm(appended.entry, query.replicas);
  return confirmed.kind === "confirmed" ? appended : confirmed;
}
