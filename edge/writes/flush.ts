// Empties the journal towards the origin: many keys at once, each key's operations one after another.

import { hitOnlyAt } from "../../shared/core/hit-only-at.ts";
import type { Position } from "../../shared/core/position.ts";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { Claimed, Delivery, JournalPlace, Result } from "../../shared/ports/journal.ts";
import { waitAtMost } from "../../shared/ports/wait.ts";
import { replicasAsked } from "../../shared/wire/configuration.ts";
import type { OriginWrite } from "../../shared/wire/told-writes.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { Route } from "../router.ts";
import { deliver, type Sent } from "./deliver.ts";
import { type Flushing, flushingOf, roomOf, toldBy } from "./flushing.ts";
import { tellLog } from "./tell-log.ts";
import { urlSelectors } from "./unsent.ts";

interface Run {
  readonly shard: string;
  readonly since: Instant;
  readonly background: Background;
  /** Deliveries that it has begun. */
  underWay: number;
  /** Those that have ended, and that the log has not been told of. */
  readonly sent: Carrier[];
  /** What the journal is to be told. */
  readonly results: Result[];
  /** Called when it need not wait any longer for what is under way. */
  wake: () => void;
}

interface Carrier {
  readonly claimed: Claimed;
  readonly sent: Sent;
}

/** One run a database and isolate. One that was cancelled with its request never ends: another begins regardless. */
export function kickFlush(edge: Edge, place: JournalPlace | null, background: Background): void {
  if (place === null) return;
  const { shard, partition } = place;
  const flushing = flushingOf(edge.flushing, shard, () => edge.random.token());
  flushing.kicked.add(partition);
  const now = edge.clock.now();
  if (flushing.run !== null && elapsed(flushing.run.since, now) <= LIMITS.journalRun) return;
  const state = { underWay: 0, sent: [], results: [], wake: () => {} };
  const run: Run = { shard, since: now, background, ...state };
  flushing.run = run;
  background.keep(flush(edge, flushing, run).finally(() => leave(flushing, run)));
}

/** What is kicked from now on is another one's. */
function leave(flushing: Flushing, run: Run): void {
  if (flushing.run === run) flushing.run = null;
}

/** Claims for a while, and ends when all that it has begun has been told of: what hangs holds up nothing else. */
async function flush(edge: Edge, flushing: Flushing, run: Run): Promise<void> {
  // Which origin is a site's own only the configuration says: an edge that has just begun learns it first.
  if (!edge.router.isConfigured) await edge.view.pull(run.background);
  if (!edge.router.isConfigured) return;
  let mayClaim = true;
  while (true) {
    await rest(edge, flushing, run);
    // Once more after its time: what was kicked until then is nobody else's. Much later nothing that it began would end.
    const age = elapsed(run.since, edge.clock.now());
    if (age > 2 * LIMITS.journalRun) mayClaim = false;
    const heard = await exchange(edge, flushing, { run, mayClaim });
    if (age > LIMITS.journalRun) mayClaim = false;
    const untold = run.sent.length + run.results.length > 0;
    // What it was not told the journal hands out once more when the claims have ended.
    const goesOn = mayClaim ? untold || (heard && flushing.kicked.size > 0) : heard && untold;
    if (run.underWay > 0 || goesOn) continue;
    return leave(flushing, run);
  }
}

/**
 * Until all that it has begun has ended, or so much that telling of it is worth a call; where some takes long, until there
 * is something to tell or to ask for.
 */
async function rest(edge: Edge, { kicked }: Flushing, run: Run): Promise<void> {
  while (run.underWay > 0) {
    const { over, wake } = waitAtMost(LIMITS.journalPace, edge.timers);
    run.wake = wake;
    await over;
    if (run.sent.length + run.results.length + kicked.size > 0) break;
  }
  // What is written meanwhile goes with it: one call for many.
  await edge.timers.sleep(LIMITS.journalLinger);
}

/** Tells the journal what has ended, and begins what it hands out; false where it can't be reached. */
async function exchange(
  edge: Edge,
  flushing: Flushing,
  { run, mayClaim }: { readonly run: Run; readonly mayClaim: boolean },
): Promise<boolean> {
  const { kicked } = flushing;
  const sent = run.sent.splice(0);
  // A key's next operation is due when this one is settled.
  for (const { claimed } of sent) kicked.add(claimed.partition);
  const results = [...run.results.splice(0), ...(await resultsOf(edge, sent, run.background))];
  const { most, except } = mayClaim ? roomOf(flushing, edge.clock.now()) : NO_ROOM;
  const partitions = most === 0 ? [] : [...kicked];
  if (results.length + partitions.length === 0) return true;
  for (const partition of partitions) kicked.delete(partition);
  // A site whose origin nobody may ask now is none to deliver to.
  const closed = edge.guards.closed();
  const { teller } = flushing;
  const replicas = replicasAsked(edge.view.current()?.configuration ?? new Map());
  const what = { results, partitions, most, except: [...except, ...closed], asOf: edge.view.asOf() };
  const asked = { ...what, teller, replicas };
  const outcome = await edge.journal.claim(run.shard, asked);
  if (outcome.kind === "unavailable") {
    run.results.push(...results);
    for (const partition of partitions) kicked.add(partition);
    await edge.timers.sleep(LIMITS.journalRetry);
    return false;
  }
  if (outcome.toldAt !== null) flushing.teller = toldBy(flushing.teller, outcome.toldAt);
  for (const partition of outcome.due) kicked.add(partition);
  run.results.push(...outcome.damaged);
  for (const claimed of outcome.operations) carry(edge, { flushing, run, claimed });
  return true;
}

const NO_ROOM = { most: 0, except: [] } as const;

function carry(
  edge: Edge,
  { flushing, run, claimed }: { readonly flushing: Flushing; readonly run: Run; readonly claimed: Claimed },
): void {
  const carried = { lane: claimed.lane, octets: claimed.body.length, since: edge.clock.now() };
  flushing.underWay.add(carried);
  run.underWay += 1;
  const failed = (): Sent => ({ kind: "retry", after: LIMITS.journalRetry, why: "the delivery failed" });
  void deliver(edge, claimed)
    .catch(failed)
    .then((sent) => {
      flushing.underWay.delete(carried);
      run.underWay -= 1;
      run.sent.push({ claimed, sent });
      if (run.underWay === 0 || run.sent.length >= LIMITS.journalBatch / 2) run.wake();
    });
}

async function resultsOf(edge: Edge, sent: readonly Carrier[], background: Background): Promise<Result[]> {
  const writes = sent.flatMap(({ sent: one }) => writeOf(one) ?? []);
  const at = writes.length === 0 ? null : await tellOf(edge, writes, background);
  if (at === null) for (const { sent: one } of sent) keepUntold(edge, one);
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

/**
 * What the journal will not have told again: a refusal, and what the origin has named beside its URL. Of anything else that
 * would be an entry more, which may hit a newer value.
 */
function keepUntold(edge: Edge, sent: Sent): void {
  const write = writeOf(sent);
  if (write === null || edge.unsent.isFull) return;
  const { references, groups } = write;
  if (sent.kind === "refused" || references.length + groups.length > 0) edge.unsent.keep(write);
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
  if (told === null || told.at === null) return null;
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
  return { kind: "delivered", at, alone: alone && !named };
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
