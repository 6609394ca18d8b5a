// Of a large answer each data centre has a copy of its own: its isolates agree on who of them fetches it.

import { comparePositions } from "../../shared/core/position.ts";
import { instant, later, millis } from "../../shared/core/units.ts";
import { needOf } from "../ask-l2.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { FlightJob } from "../flight-job.ts";
import type { Candidate, Judged } from "../judge.ts";
import type { Exchange } from "../make-answer.ts";
import { positionFor } from "../right.ts";
import type { Announced } from "../tiers/blob-record.ts";
import { findBeside } from "../tiers/look-beside.ts";
import { keyFor } from "../variant.ts";
import { Announcement } from "./announcement.ts";
import { isKeepable } from "./keep-in-chunks.ts";

interface Sought {
  readonly candidate: Candidate | null;
  /** Ids of answers that have been found to be of no use. */
  readonly unusable: readonly string[];
  /** When all has been done with what this flight brings. */
  readonly landed: Promise<void>;
}

/**
 * The answer, where another isolate has brought it, or does so soon; else this one is to fetch it, and what it tells the others
 * of that: null where they are told nothing. Whoever has looked before the last of those has spoken who do so at once fetches
 * it as well.
 */
export async function awaitBeside(
  edge: Edge,
  job: FlightJob,
  sought: Sought,
): Promise<Judged | Announcement | null> {
  const { route, request, lease, wants } = job;
  const mayTakeIt = lease === "wait" && request.purpose === "client" && !wants.noCache;
  if (!mayTakeIt || !isKeepable(route.rules, 0)) return null;
  const since = edge.clock.now();
  const latest = later(since, LIMITS.bodyPatience);
  let until = later(since, LIMITS.shortPatience);
  let first: string | null = null;
  while (true) {
    const judged = await findBeside(edge, job, { key: keyFor(edge, job), unusable: sought.unusable });
    if (judged !== null || edge.clock.now() >= until) return judged;
    const turn = await takeTurn(edge, job, sought);
    if (turn === null || turn instanceof Announcement) return turn;
    const soon = turn.answered || edge.clock.now() < later(since, LIMITS.shortPatience);
    const interval = soon ? LIMITS.besideInterval : LIMITS.slowPollInterval;
    const pause = millis(interval * (0.5 + edge.random.unit()));
    first ??= turn.by;
    // While the origin takes its time: else all who wait would ask it as well, and make it no faster. What it says may be of
    // no use to anybody, as it is too old by then: nobody waits for that again.
    if (!turn.answered && turn.by === first) until = instant(Math.min(later(until, pause), latest));
    await edge.timers.sleep(pause);
  }
}

/** What another isolate says of its fetch, or that this one fetches; null where its answer could not be kept. */
async function takeTurn(
  edge: Edge,
  job: FlightJob,
  { candidate, landed }: Sought,
): Promise<Announced | Announcement | null> {
  // By what was found it may be a variant that is wanted.
  const key = keyFor(edge, job);
  const there = await edge.dataCentre.announced(key);
  const need = needOf(edge, job, candidate);
  // What began before it was invalidated brings nothing that is of use.
  const isOfUse = there !== null && (need === null || comparePositions(there.asOf, need) >= 0);
  if (isOfUse) return there;
  const asOf = positionFor(edge, job);
  if (asOf === null) return null;
  const { background } = job.request;
  const own = new Announcement(edge, { key, asOf, background, landed });
  return (await own.ask()) ?? own;
}

/** That what is asked for has turned out to be large, and comes: to whoever looks for it by what is known of it now. */
export function announce(
  edge: Edge,
  { job, right: { asOf, announced } }: Exchange,
  landed: Promise<void>,
): void {
  const key = keyFor(edge, job);
  if (asOf === null || announced?.key === key) return;
  const { background } = job.request;
  new Announcement(edge, { key, asOf, background, landed }).answered();
}
