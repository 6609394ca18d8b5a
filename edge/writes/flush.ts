// Empties the journal towards the origin: a batch of keys at a time, each key's operations one after another.

import { hitOnlyAt } from "../../shared/core/log-view.ts";
import type { Position } from "../../shared/core/position.ts";
import { elapsed } from "../../shared/core/units.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { Claimed, Delivery, JournalPlace, Result } from "../../shared/ports/journal.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { deliver, type Sent } from "./deliver.ts";
import type { FlushRun } from "./flushing.ts";
import { tellLog } from "./tell-log.ts";

/** One run a partition and isolate. One that was cancelled with its request never ends: another begins regardless. */
export function kickFlush(edge: Edge, place: JournalPlace | null, background: Background): void {
  if (place === null) return;
  const name = `${place.shard} ${place.partition}`;
  const now = edge.clock.now();
  const running = edge.flushing.get(name);
  if (running !== undefined && elapsed(running.since, now) < LIMITS.journalRun + LIMITS.journalClaim) {
    running.again = true;
    return;
  }
  const run: FlushRun = { since: now, again: false };
  edge.flushing.set(name, run);
  const ended = flush(edge, place, { run, background }).finally(() => {
    if (edge.flushing.get(name) === run) edge.flushing.delete(name);
  });
  background.keep(ended);
}

async function flush(
  edge: Edge,
  place: JournalPlace,
  { run, background }: { readonly run: FlushRun; readonly background: Background },
): Promise<void> {
  let results: readonly Result[] = [];
  while (true) {
    // What is written meanwhile goes with it: one call for many.
    await edge.timers.sleep(LIMITS.journalLinger);
    run.again = false;
    const over = elapsed(run.since, edge.clock.now()) > LIMITS.journalRun;
    const outcome = await edge.journal.claim(place, results, over ? 0 : LIMITS.journalBatch);
    if (outcome.kind === "unavailable") {
      // What it was not told it hands out once more when the claims have ended.
      if (over || results.length === 0) return;
      await edge.timers.sleep(LIMITS.journalRetry);
      continue;
    }
    const { operations, damaged } = outcome;
    if (operations.length + damaged.length === 0) {
      if (over || !run.again) return;
      results = [];
      continue;
    }
    results = [...damaged, ...(await deliverAll(edge, operations, background))];
  }
}

async function deliverAll(
  edge: Edge,
  operations: readonly Claimed[],
  background: Background,
): Promise<Result[]> {
  const sent = await Promise.all(
    operations.map(async (claimed) => ({ claimed, sent: await deliver(edge, claimed) })),
  );
  const taken = sent.flatMap(({ sent: one }) => (one.kind === "taken" ? [one] : []));
  const at = taken.length === 0 ? null : await tellOf(edge, taken, background);
  return sent.map(({ claimed, sent: one }) => ({
    claimed,
    delivery: one.kind === "taken" ? settled(edge, one, at) : one,
  }));
}

type Taken = Extract<Sent, { kind: "taken" }>;

/** One entry of the log for all of them; null where it did not take it. */
async function tellOf(edge: Edge, taken: readonly Taken[], background: Background): Promise<Position | null> {
  const ids = taken.map(({ write }) => write.operationId).join(" ");
  // Another set of operations is another entry, also where it begins with the same one.
  const operationId = await edge.digest.sha256Hex(`journal ${ids}`);
  const { taken: told, at } = await tellLog(
    edge,
    taken.map(({ write }) => ({ ...write, operationId })),
    background,
  );
  if (!told || at === null) return null;
  await edge.view.pull(background);
  return at;
}

/** The value stays where nothing but its own entry has hit it since before the origin was asked. */
function settled(edge: Edge, { route, asOf }: Taken, at: Position | null): Delivery {
  if (at === null) return { kind: "done", after: LIMITS.journalRetry, why: "the log could not be told" };
  const view = edge.view.current();
  const alone =
    view !== null && asOf !== null && hitOnlyAt(view, route.selectors, { since: asOf, entry: at });
  return { kind: "delivered", verifiedTo: alone ? at : null };
}
