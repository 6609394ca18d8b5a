// Carries open warm-ups on for a slice of time: document by document, then batch by batch, each recorded before the next.

import { elapsed, type Instant, later, millis } from "../../shared/core/units.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { Warmup, WarmupError } from "../../shared/mid-tier/warmup-record.ts";
import type { Turn } from "../../shared/mid-tier/warmups.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { warmBatch } from "./batch.ts";
import { edgesFor } from "./edges-for.ts";
import { type ListingPorts, listNext } from "./list-next.ts";
import { isOpen } from "./show-warmup.ts";

/** When each warm-up may send its next batch: kept from slice to slice, and begun anew after a restart. */
export type WarmupPace = Map<string, Instant>;

type Ports = ListingPorts & Pick<ControlPlane, "edges" | "clock" | "timers">;
type Outcome = { readonly kind: "done" } | Unavailable;

/** Slice after slice, for as long as there is anything to carry on. Begun anew by the next beat where Redis was away. */
export async function carryOnWarmups(plane: Ports, pace: WarmupPace): Promise<Outcome> {
  for (;;) {
    const outcome = await advanceWarmups(plane, pace);
    if (outcome.kind === "unavailable" || pace.size === 0) return outcome;
    const next = Math.min(...pace.values()) as Instant;
    await plane.timers.sleep(millis(Math.min(elapsed(plane.clock.now(), next), LIMITS.warmupSlice)));
  }
}

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
  while (await mayBegin(plane, slice)) {
    const read = await plane.warmups.read(slice.id);
    if (read.kind === "unavailable") return read;
    if (read.kind === "absent" || !isOpen(read.warmup)) {
      // Expired, or ended by a process that did not get round to saying so.
      await plane.warmups.cancel(slice.id);
      return { kind: "done" };
    }
    const step = await oneStep(plane, slice, read.warmup);
    if (step.kind === "unavailable") return step;
    if (step.kind === "over") return { kind: "done" };
    slice.pace.set(slice.id, step.next);
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

/** `next`: when another step may begin. */
type Step = { readonly kind: "went"; readonly next: Instant } | { readonly kind: "over" } | Unavailable;

async function oneStep(plane: Ports, slice: Slice, warmup: Warmup): Promise<Step> {
  if (warmup.state === "listing") {
    const outcome = await listNext(plane, { warmup, directory: slice.directory });
    if (outcome.kind === "unavailable" || outcome.kind === "over") return outcome;
    const rest = outcome.kind === "later" ? LIMITS.warmupPause : millis(0);
    return { kind: "went", next: later(plane.clock.now(), rest) };
  }
  const sent = plane.clock.now();
  const turn = await plane.warmups.turn(warmup, batchSize(warmup));
  if (turn.kind === "unavailable") return turn;
  const outcome = await oneBatch(plane, slice, { warmup, turn });
  if (outcome.kind === "unavailable" || outcome.kind === "over") return outcome;
  const due = later(sent, millis((turn.targets.length / warmup.ratePerSecond) * 1000));
  return { kind: "went", next: outcome.took ? due : later(plane.clock.now(), LIMITS.warmupPause) };
}

/** A quarter of a second's worth, and at most four rounds for a slow origin. */
const batchSize = ({ ratePerSecond, concurrency }: Warmup): number =>
  Math.max(1, Math.min(Math.ceil(ratePerSecond / 4), 4 * concurrency, LIMITS.warmupBatch));

/** `took`: the origin, or a cache before it, answered for some of it. */
type BatchStep =
  | { readonly kind: "running"; readonly took: boolean }
  | { readonly kind: "over" }
  | Unavailable;

async function oneBatch(
  plane: Ports,
  { id, directory }: Slice,
  { warmup, turn }: { readonly warmup: Warmup; readonly turn: Turn },
): Promise<BatchStep> {
  const { cursor: from, into, concurrency } = warmup;
  const { targets, to } = turn;
  const { reachable, silent } = edgesFor(warmup, directory);
  const batch = { urls: targets, edges: reachable, into, concurrency, turn: from };
  const outcome = await warmBatch({ callEdge: plane.callEdge, deadline: LIMITS.warmupDeadline }, batch);
  const passedOver = silent.map(({ id: edge }): WarmupError => {
    return { url: targets[0] ?? "", edge, reason: "the edge is silent: this URL and others were left out" };
  });
  const standing = await plane.warmups.advance(id, {
    ...outcome,
    // What Redis has lost can't be warmed any more: a job must not go on for ever for its sake.
    failed: outcome.failed + (to - from - targets.length),
    errors: [...outcome.errors, ...passedOver].slice(0, LIMITS.warmupErrors),
    ...{ from, to },
  });
  if (standing.kind === "unavailable") return standing;
  if (standing.kind !== "running") return { kind: "over" };
  return { kind: "running", took: targets.length === 0 || outcome.later.length < targets.length };
}
