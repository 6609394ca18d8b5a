// Carries open warm-ups on for a slice of time: batch by batch, at their rates, each recorded before the next.

import { elapsed, type Instant, later, millis } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { Warmup, WarmupError } from "../../shared/mid-tier/warmups.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { showEdges } from "../edges/show-edges.ts";
import { warmBatch } from "./batch.ts";

/** When each warm-up may send its next batch: kept from slice to slice, and begun anew after a restart. */
export type WarmupPace = Map<string, Instant>;

type Ports = Pick<ControlPlane, "warmups" | "edges" | "callEdge" | "clock" | "timers">;
type Outcome = { readonly kind: "done" } | Unavailable;

export async function advanceWarmups(plane: Ports, pace: WarmupPace): Promise<Outcome> {
  const until = later(plane.clock.now(), LIMITS.warmupSlice);
  const open = await plane.warmups.open(LIMITS.warmupsAtOnce);
  if (open.kind === "unavailable") return open;
  for (const id of pace.keys()) if (!open.ids.includes(id)) pace.delete(id);
  if (open.ids.length === 0) return { kind: "done" };
  const known = await plane.edges.read();
  if (known.kind === "unavailable") return known;
  const outcomes = await Promise.all(
    open.ids.map((id) => advanceOne(plane, { id, pace, until, directory: known.directory })),
  );
  return outcomes.find((outcome) => outcome.kind === "unavailable") ?? { kind: "done" };
}

interface Slice {
  readonly id: string;
  readonly pace: WarmupPace;
  readonly until: Instant;
  readonly directory: Directory;
}

async function advanceOne(plane: Ports, slice: Slice): Promise<Outcome> {
  const read = await plane.warmups.read(slice.id);
  if (read.kind === "unavailable") return read;
  if (read.kind === "absent" || read.warmup.state !== "running") {
    // Expired, or ended by a process that did not get round to saying so.
    await plane.warmups.cancel(slice.id);
    return { kind: "done" };
  }
  const { warmup } = read;
  let { cursor } = warmup;
  while (await mayBegin(plane, slice)) {
    const count = Math.min(batchSize(warmup), warmup.total - cursor);
    const sent = plane.clock.now();
    const outcome = await oneBatch(plane, { ...slice, warmup: { ...warmup, cursor }, count });
    if (outcome.kind === "unavailable") return outcome;
    if (outcome.kind === "over") return { kind: "done" };
    slice.pace.set(slice.id, later(sent, millis((count / warmup.ratePerSecond) * 1000)));
    cursor += count;
  }
  return { kind: "done" };
}

/** Waits for the warm-up's turn; false where that comes after the slice. */
async function mayBegin({ clock, timers }: Ports, { id, pace, until }: Slice): Promise<boolean> {
  const now = clock.now();
  const at = pace.get(id) ?? now;
  if (now >= until || at >= until) return false;
  if (at > now) await timers.sleep(elapsed(now, at));
  return true;
}

/** A quarter of a second's worth, and at most four rounds for a slow origin. */
const batchSize = ({ ratePerSecond, concurrency }: Warmup): number =>
  Math.max(1, Math.min(Math.ceil(ratePerSecond / 4), 4 * concurrency, LIMITS.warmupBatch));

async function oneBatch(
  plane: Ports,
  { id, warmup, count, directory }: Slice & { readonly warmup: Warmup; readonly count: number },
): Promise<{ readonly kind: "running" | "over" } | Unavailable> {
  const from = warmup.cursor;
  const page = await plane.warmups.urls(id, from, count);
  if (page.kind === "unavailable") return page;
  const { reachable, silent } = edgesFor(warmup, directory);
  const { into, concurrency } = warmup;
  const batch = { urls: page.urls, edges: reachable, into, concurrency, turn: from };
  const outcome = await warmBatch({ callEdge: plane.callEdge, deadline: LIMITS.warmupDeadline }, batch);
  const passedOver = silent.map(({ id: edge }): WarmupError => {
    return { url: page.urls[0] ?? "", edge, reason: "the edge is silent: this URL and others were left out" };
  });
  return plane.warmups.advance(id, {
    ...outcome,
    // URLs that Redis has lost can't be warmed any more: a job must not go on for ever for their sake.
    failed: outcome.failed + (count - page.urls.length),
    errors: [...outcome.errors, ...passedOver].slice(0, LIMITS.warmupErrors),
    from,
    to: from + count,
  });
}

/**
 * Calling an edge that is away would cost the whole batch its deadline. One that nobody has asked yet may well be
 * there, and so may all of them where all seem away.
 */
function edgesFor(
  warmup: Warmup,
  directory: Directory,
): Record<"reachable" | "silent", readonly ListedEdge[]> {
  const wanted = directory.edges.filter(({ id }) => warmup.edges === null || warmup.edges.includes(id));
  const away = new Set(
    showEdges(directory).flatMap(({ id, state, lastSeenMs }) =>
      state === "silent" && lastSeenMs !== null ? [id] : [],
    ),
  );
  const reachable = wanted.filter(({ id }) => !away.has(id));
  return reachable.length === 0
    ? { reachable: wanted, silent: [] }
    : { reachable, silent: wanted.filter(({ id }) => away.has(id)) };
}
