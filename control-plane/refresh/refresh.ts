// Has edges renew what is due: the dearest first, so many at a time, each at one edge, from which the others get it by the mid-tier.

import type { DueKey, DueSettled } from "../../shared/mid-tier/due-keys.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { decodeRenewed, encodeRenew, RENEW_PATH, type Renewed } from "../../shared/wire/renewal.ts";
import { encodeTarget } from "../../shared/wire/warm-target.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { showEdges } from "../edges/show-edges.ts";

type Ports = Pick<ControlPlane, "dueKeys" | "edges" | "callEdge" | "metrics">;

/** Whatever it can't do now comes again, or is fetched by whoever asks for it. */
export async function refreshDue(plane: Ports): Promise<{ readonly kind: "done" } | Unavailable> {
  const due = await plane.dueKeys.take(LIMITS.refreshBatch);
  if (due.kind === "unavailable") return due;
  if (due.missed > 0) await plane.metrics.count("missed|due", due.missed);
  if (due.keys.length === 0) return { kind: "done" };
  const known = await plane.edges.read();
  if (known.kind === "unavailable") return known;
  const edges = liveEdges(known.directory);
  const settled = await Promise.all(
    edges.map((edge, lane) => {
      const share = due.keys.filter((_key, index) => index % edges.length === lane);
      return renewAt(plane, edge, share);
    }),
  );
  return plane.dueKeys.settle(settled.flat());
}

/** A silent one would take a deadline for its share. */
function liveEdges(directory: Directory): ListedEdge[] {
  const live = new Set(showEdges(directory).flatMap(({ id, state }) => (state === "live" ? [id] : [])));
  return directory.edges.filter(({ id }) => live.has(id));
}

async function renewAt(
  { callEdge }: Ports,
  edge: ListedEdge,
  keys: readonly DueKey[],
): Promise<readonly DueSettled[]> {
  if (keys.length === 0) return [];
  const body = encodeRenew({
    targets: keys.map(({ key }) => encodeTarget(key)),
    leastMs: LIMITS.refreshLeast,
    concurrency: LIMITS.refreshConcurrency,
  });
  const answer = await callEdge(edge, { path: RENEW_PATH, body }, LIMITS.refreshDeadline);
  const results = answer.kind === "answer" ? decodeRenewed(answer.text) : null;
  return keys.flatMap(({ id }, index) => settledBy(id, results?.[index]));
}

/** What was turned away or failed is left as it was taken: it comes again while it may still be of use. */
function settledBy(id: string, renewed: Renewed | undefined): DueSettled[] {
  if (renewed === undefined) return [];
  const { result, renewal } = renewed;
  return result === "dropped" || renewal !== null ? [{ id, renewal }] : [];
}
