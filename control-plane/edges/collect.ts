// Asks every listed edge how it is, which also makes it pull the log, and folds what it has counted.

import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { NamedReport } from "../../shared/mid-tier/metrics.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { encodeStatusCall, type Peer, STATUS_PATH } from "../../shared/wire/internal.ts";
import { decodeStatus } from "../../shared/wire/replies.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";

type Ports = Pick<ControlPlane, "edges" | "callEdge" | "metrics">;

export async function collectStatus(plane: Ports): Promise<{ readonly kind: "done" } | Unavailable> {
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return outcome;
  const { edges, now } = outcome.directory;
  const body = encodeStatusCall({ peers: peersOf(outcome.directory), watch: [] });
  const reports = await Promise.all(edges.map((edge) => askStatus(plane, edge, body)));
  const folded = await plane.metrics.fold(
    reports.filter((report) => report !== null),
    now,
  );
  return folded.kind === "unavailable" ? folded : { kind: "done" };
}

/** Whoever is not seen any more for long is named to nobody; edges that still hear of it keep it. */
const peersOf = ({ edges, sightings, now }: Directory): Peer[] =>
  edges.flatMap(({ id, url }) => {
    const seenAt = sightings.get(id)?.seenAt;
    return seenAt === undefined || now - seenAt <= LIMITS.peerNamedFor ? [{ id, url }] : [];
  });

/** Null where there is no report: the directory then shows for how long. */
async function askStatus({ callEdge }: Ports, edge: ListedEdge, body: string): Promise<NamedReport | null> {
  const answer = await callEdge(edge, { path: STATUS_PATH, body }, LIMITS.statusDeadline);
  const report = answer.kind === "answer" ? decodeStatus(answer.text) : null;
  return report === null ? null : { edge: edge.id, report };
}
