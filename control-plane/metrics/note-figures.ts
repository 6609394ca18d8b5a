// Notes now and then what nobody counts: how full the databases are, and what the journal has still to deliver.

import { readShardFigures } from "../../shared/mid-tier/shard-figures.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { sumJournal } from "./journal-sums.ts";

type Ports = Pick<ControlPlane, "databases" | "edges" | "journal" | "metrics">;

/** A database that doesn't answer is left out. */
export async function noteFigures(plane: Ports): Promise<{ readonly kind: "done" } | Unavailable> {
  const known = await plane.edges.read();
  if (known.kind === "unavailable") return known;
  const gauges = new Map<string, number>();
  const { pending } = sumJournal(await plane.journal.figures());
  if (pending !== null) gauges.set("journalPending", pending);
  const read = [...plane.databases].map(async ([id, { redis }]) => {
    const { memoryBytes } = await readShardFigures(redis, LIMITS.shardDeadline);
    if (memoryBytes !== null) gauges.set(`shardMemory|${id}`, memoryBytes);
  });
  await Promise.all(read);
  if (gauges.size === 0) return { kind: "done" };
  const noted = await plane.metrics.note(gauges, known.directory.now);
  return noted.kind === "unavailable" ? noted : { kind: "done" };
}
