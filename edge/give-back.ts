// Gives leases back, those that may have been granted unheard included.

import type { LeaseMarker, ReadOutcome, ReleaseQuery } from "../shared/ports/mid-tier.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import type { Right } from "./right.ts";

/** Without an answer; with a marker, nobody waits for the key for a while. */
export async function giveBack(
  edge: Edge,
  { job, right }: { readonly job: FlightJob; readonly right: Right },
  marker: LeaseMarker | null,
): Promise<void> {
  if (right.keeping.kind !== "everywhere") return;
  const { key, token, granted } = right.keeping.lease;
  const query = { key, token, marker, at: [granted.shard] };
  const released = await edge.midTier.release(query);
  // What the marker says is of this moment: by the time that it is heard, the origin may be well again.
  if (released === "unavailable")
    job.request.background.keep(giveBackForSure(edge, { ...query, marker: null }));
}

/**
 * The lease may have been granted and only its reply lost, or may be granted yet, by a request that is still under way:
 * after the origin was asked, so that nothing may be filled by it. Nobody shall wait for it to expire.
 */
export function giveBackInDoubt(
  edge: Edge,
  { request }: FlightJob,
  { outcome, key, token }: { readonly outcome: ReadOutcome; readonly key: string; readonly token: string },
): void {
  const at =
    outcome.kind === "unavailable" ? outcome.at : outcome.kind === "leased" ? outcome.granted.silent : [];
  if (at.length > 0) request.background.keep(giveBackForSure(edge, { key, token, marker: null, at }));
}

async function giveBackForSure(edge: Edge, query: ReleaseQuery): Promise<void> {
  // At once, and again when nothing can be under way any more; then until somebody has heard it.
  let released = await edge.midTier.release(query);
  for (let tries = 0; tries === 0 || (released !== "released" && tries < LIMITS.releaseTries); tries++) {
    await edge.timers.sleep(LIMITS.l2ReadDeadline);
    released = await edge.midTier.release(query);
  }
}
