// Notes now and then what nobody counts: how full the databases are, what waits in the journal, which purges are open.

import { seconds } from "../../shared/core/units.ts";
import type { NotedGauges } from "../../shared/mid-tier/metrics.ts";
import { TAKEN } from "../../shared/mid-tier/takes-writes.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ControlPlane } from "../control-plane.ts";
import { readFigures } from "./read-metrics.ts";
import type { Figures } from "./show-metrics.ts";

/** What is not known is not noted. */
export async function noteFigures(plane: ControlPlane): Promise<{ readonly kind: "done" } | Unavailable> {
  const read = await readFigures(plane, seconds(10));
  if (read.kind === "unavailable") return read;
  const noted = await plane.metrics.note(gaugesOf(read.figures), read.now);
  return noted.kind === "unavailable" ? noted : { kind: "done" };
}

function gaugesOf({ shards, journal, invalidations, log, stampede }: Figures): NotedGauges {
  const [found, told] = [new Map<string, number>(), new Map<string, number>()];
  const note = (name: string, value: number | null | undefined, into = found): void => {
    if (value !== null && value !== undefined) into.set(name, value);
  };
  for (const shard of shards) {
    const { id, state } = shard;
    note(`shardMemory|${id}`, shard.memoryBytes);
    note(`shardMemoryLimit|${id}`, shard.memoryLimitBytes);
    note(`shardKeys|${id}`, shard.keys);
    note(`shardEvictions|${id}`, shard.evictions);
    if (state !== "out" && shard.writes !== null)
      note(`shardTakesWrites|${id}`, shard.writes === TAKEN ? 1 : 0);
    note(`shardLag|${id}`, shard.replicationLagMs, told);
    for (const each of ["serving", "warming", "down", "out"] as const)
      note(`shardState|${id}|${each}`, state === each ? 1 : 0);
  }
  note("journalPending", journal.pending);
  note("journalDeadLettered", journal.deadLettered);
  note("journalAccepted", journal.accepted);
  note("journalDelivered", journal.delivered);
  for (const { database, foundAt } of journal.losses) note(`journalLastLoss|${database}`, foundAt);
  note("receiptsOpen", invalidations.unfinished);
  note("receiptsOldest", invalidations.oldestOpenMs);
  note("receiptsOverdue", invalidations.overdueMs);
  note("logLastLoss", log.losses.at(-1)?.foundAt);
  note("originConcurrencyMax", stampede.originConcurrencyMax, told);
  return { found, told };
}
