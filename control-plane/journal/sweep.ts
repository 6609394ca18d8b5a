// The journal's safety net: has edges deliver what should have been delivered a while ago.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { encodeFlush, FLUSH_PATH, type FlushPlace } from "../../shared/wire/flush.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { showEdges } from "../edges/show-edges.ts";

type Ports = Pick<ControlPlane, "journal" | "edges" | "callEdge" | "random">;

export async function sweepJournal(plane: Ports): Promise<{ readonly kind: "done" } | Unavailable> {
  const places: FlushPlace[] = [];
  for (const [shard, read] of await plane.journal.tend())
    if (!("kind" in read)) places.push(...read.due.map((partition) => ({ shard, partition })));
  // A database that is away is told by whoever watches over them.
  if (places.length === 0) return { kind: "done" };
  const known = await plane.edges.read();
  if (known.kind === "unavailable") return known;
  const { edges } = known.directory;
  const silent = new Set(
    showEdges(known.directory).flatMap(({ id, state }) => (state === "silent" ? [id] : [])),
  );
  const awake = edges.filter(({ id }) => !silent.has(id));
  const asked = awake.length > 0 ? awake : edges;
  // Edges that nobody can call flush what they come across by themselves.
  if (asked.length === 0) return { kind: "done" };
  const turn = Math.floor(plane.random.unit() * asked.length);
  const answers = await Promise.all(
    asked.map((edge, at) => {
      const share = places.filter((_, index) => (index + turn) % asked.length === at);
      if (share.length === 0) return null;
      return plane.callEdge(edge, { path: FLUSH_PATH, body: encodeFlush(share) }, LIMITS.flushDeadline);
    }),
  );
  const refused = answers.find((answer) => answer !== null && answer.kind !== "answer");
  return refused === undefined ? { kind: "done" } : { kind: "unavailable", reason: "an edge did not flush" };
}
