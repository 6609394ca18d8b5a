// Empties the journal towards the origin: a batch of keys at a time, each key's operations one after another.

import { hitOnlyAt } from "../../shared/core/log-view.ts";
import type { Position } from "../../shared/core/position.ts";
import { elapsed } from "../../shared/core/units.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { Claimed, Delivery, JournalPlace, Result } from "../../shared/ports/journal.ts";
import type { OriginWrite } from "../../shared/wire/told-writes.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { Route } from "../router.ts";
import { deliver, type Sent } from "./deliver.ts";
import type { FlushRun } from "./flushing.ts";
import { tellLog } from "./tell-log.ts";
import { urlSelectors } from "./unsent.ts";

/** One run a database and isolate. One that was cancelled with its request never ends: another begins regardless. */
export function kickFlush(edge: Edge, place: JournalPlace | null, background: Background): void {
  if (place === null) return;
  const { shard, partition } = place;
  const now = edge.clock.now();
  const running = edge.flushing.get(shard);
  if (running !== undefined && elapsed(running.since, now) < LIMITS.journalRun + LIMITS.journalClaim) {
    running.kicked.add(partition);
    return;
  }
  const run: FlushRun = { since: now, kicked: new Set([partition]) };
  edge.flushing.set(shard, run);
  const ended = flush(edge, shard, { run, background }).finally(() => {
    if (edge.flushing.get(shard) === run) edge.flushing.delete(shard);
  });
  background.keep(ended);
}

async function flush(
  edge: Edge,
  shard: string,
  { run, background }: { readonly run: FlushRun; readonly background: Background },
): Promise<void> {
  // Which origin is a site's own only the configuration says: an edge that has just begun learns it first.
  if (!edge.router.isConfigured) await edge.view.pull(background);
  if (!edge.router.isConfigured) return;
  let results: readonly Result[] = [];
  let partitions = new Set<number>();
  while (true) {
    // What is written meanwhile goes with it: one call for many.
    await edge.timers.sleep(LIMITS.journalLinger);
    for (const partition of run.kicked) partitions.add(partition);
    run.kicked.clear();
    const over = elapsed(run.since, edge.clock.now()) > LIMITS.journalRun;
    const most = over ? 0 : LIMITS.journalBatch;
    const outcome = await edge.journal.claim(shard, { results, partitions: [...partitions], most });
    if (outcome.kind === "unavailable") {
      // What it was not told it hands out once more when the claims have ended.
      if (over || results.length === 0) return;
      await edge.timers.sleep(LIMITS.journalRetry);
      continue;
    }
    const { operations, damaged, due } = outcome;
    if (over) return;
    // A key's next operation is due when this one is settled.
    partitions = new Set([...due, ...operations.map(({ partition }) => partition)]);
    if (operations.length + damaged.length + due.length + run.kicked.size === 0) return;
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
  const writes = sent.flatMap(({ sent: one }) => writeOf(one) ?? []);
  const at = writes.length === 0 ? null : await tellOf(edge, writes, background);
  return sent.map(({ claimed, sent: one }) => ({
    claimed,
    delivery: settled(edge, one, { at, among: writes }),
  }));
}

type Taken = Extract<Sent, { kind: "taken" }>;

/** What the log is to be told of: also what the origin may have taken before it refused it. */
function writeOf(sent: Sent): OriginWrite | null {
  switch (sent.kind) {
    case "taken":
      return sent.write;
    case "refused":
      return sent.earlier;
    default:
      return null;
  }
}

/** One entry of the log for all of them; null where it did not take it. */
async function tellOf(
  edge: Edge,
  writes: readonly OriginWrite[],
  background: Background,
): Promise<Position | null> {
  const ids = writes.map((write) => write.operationId).join(" ");
  // Another set of operations is another entry, also where it begins with the same one.
  const operationId = await edge.digest.sha256Hex(`journal ${ids}`);
  const told = await tellLog(
    edge,
    writes.map((write) => ({ ...write, operationId })),
    background,
  );
  if (told === null || told.at === null) {
    // What the origin has named beside its URL nobody else will know.
    for (const write of writes) if (!edge.unsent.isFull) edge.unsent.keep(write);
    return null;
  }
  await edge.view.pull(background);
  return told.at;
}

interface Told {
  readonly at: Position | null;
  /** What has one entry of the log together. */
  readonly among: readonly OriginWrite[];
}

function settled(edge: Edge, sent: Sent, told: Told): Delivery {
  switch (sent.kind) {
    case "taken":
      return delivered(edge, sent, told);
    case "refused":
      return { kind: "refused", why: sent.why };
    default:
      return sent;
  }
}

/** The value stays where nothing but its own write has hit it since before the origin was asked. */
function delivered(edge: Edge, one: Taken, { at, among }: Told): Delivery {
  if (at === null) return { kind: "done", after: LIMITS.journalRetry, why: "the log could not be told" };
  const { route, asOf } = one;
  const view = edge.view.current();
  const alone =
    view !== null && asOf !== null && hitOnlyAt(view, route.selectors, { since: asOf, entry: at });
  // What one of them does to another's URL hides behind that one's own.
  const named = among.some((other) => other !== one.write && names(edge, other, route));
  return { kind: "delivered", verifiedTo: alone && !named ? at : null };
}

/**
 * Its own URL, which somebody else may have written by other credentials or in another spelling, or one that its answer has
 * named.
 */
function names(edge: Edge, { target, references }: OriginWrite, { selectors }: Route): boolean {
  const own = new Set(selectors);
  return [target, ...references].some((reference) => {
    const named = edge.router.resolve(reference, target);
    return named !== null && urlSelectors(named).some((selector) => own.has(selector));
  });
}
