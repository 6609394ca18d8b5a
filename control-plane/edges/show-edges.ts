// The listed edges as they are shown: live, silent or cold, and how old what they know is.

import type { Directory, Sighting } from "../../shared/mid-tier/edge-directory.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { LIMITS } from "../config.ts";

export interface ShownEdge {
  readonly id: string;
  readonly url: string;
  readonly region: string | null;
  /** Which build it runs; null where it does not say. */
  readonly version: string | null;
  readonly pid?: number;
  readonly position: string | null;
  /** Age of its knowledge of the log's head, the time since it said so included. */
  readonly knownAgeMs: number | null;
  readonly memoryBytes: number | null;
  /** Tells one life of it from the next; null where it was never heard of. */
  readonly boot: string | null;
  readonly state: EdgeState;
  /** How long ago it was seen. */
  readonly lastSeenMs: number | null;
}

/** A cold edge answers, but knows nothing of the log yet: it neither reads nor stores. */
export type EdgeState = "live" | "silent" | "cold";

export const showEdges = ({ edges, sightings, now }: Directory): ShownEdge[] =>
  edges.map((edge) => showEdge(edge, sightings.get(edge.id), now));

function showEdge(edge: ListedEdge, sighting: Sighting | undefined, now: number): ShownEdge {
  const since = sighting === undefined ? null : Math.max(0, now - sighting.seenAt);
  const knownAge = sighting?.knownAgeMs ?? null;
  return {
    id: edge.id,
    url: edge.url,
    region: sighting?.region ?? edge.region,
    version: sighting?.version ?? null,
    ...(edge.pid === null ? {} : { pid: edge.pid }),
    position: sighting?.position ?? null,
    knownAgeMs: knownAge === null || since === null ? null : Math.round(knownAge + since),
    memoryBytes: sighting?.memoryBytes ?? null,
    boot: sighting?.boot ?? null,
    state: stateOf(sighting, since),
    lastSeenMs: since,
  };
}

function stateOf(sighting: Sighting | undefined, since: number | null): EdgeState {
  if (sighting === undefined || since === null || since > LIMITS.liveFor) return "silent";
  return sighting.position === null ? "cold" : "live";
}
