// The journal's safety net: has edges deliver what should have been delivered a while ago.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { encodeFlush, FLUSH_PATH, type FlushPlace } from "../../shared/wire/flush.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { showEdges } from "../edges/show-edges.ts";
import { type JournalPorts, watchJournal } from "./watch.ts";
import type { JournalWitness } from "./witness.ts";

type Ports = Pick<ControlPlane, "edges" | "callEdge" | "random"> & JournalPorts;
type Outcome = { readonly kind: "done" } | Unavailable;

/** Without a witness nobody notices what a database lacks. */
export async function sweepJournal(plane: Ports, witness?: JournalWitness): Promise<Outcome> {
  const { tended, told } = await watchJournal(plane, witness);
  const places: FlushPlace[] = [];
  for (const [shard, read] of tended)
    if (!("kind" in read)) places.push(...read.due.map((partition) => ({ shard, partition })));
  const [flushed, reported] = await Promise.all([flush(plane, places), told]);
  return flushed.kind === "done" ? reported : flushed;
}

async function flush(plane: Ports, places: readonly FlushPlace[]): Promise<Outcome> {
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
