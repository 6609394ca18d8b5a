// Of a large answer each data centre has a copy of its own: its isolates agree on who of them fetches it.

import { type CacheKey, later, millis } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { FlightJob } from "../flight-job.ts";
import type { Judged } from "../judge.ts";
import { findBeside } from "../tiers/look-beside.ts";
import { keyFor } from "../variant.ts";
import { isKeepable } from "./keep-in-chunks.ts";

/**
 * The answer, where another isolate has brought it, or does so soon; null where this one is to fetch it, which the others are
 * told until that has `landed`. Of those who say so at once the last one does; one that has looked before the last has spoken
 * fetches it as well.
 */
export async function awaitBeside(
  edge: Edge,
  job: FlightJob,
  { unusable, landed }: { readonly unusable: readonly string[]; readonly landed: Promise<void> },
): Promise<Judged | null> {
  const { route, request, lease, wants } = job;
  const mayTakeIt = lease === "wait" && request.purpose === "client" && !wants.noCache;
  if (!mayTakeIt || !isKeepable(route.rules, 0)) return null;
  const token = edge.random.token();
  const until = later(edge.clock.now(), LIMITS.shortPatience);
  while (true) {
    const judged = await findBeside(edge, job, { key: keyFor(edge, job), unusable });
    if (judged !== null) return judged;
    if (edge.clock.now() >= until) return null;
    // By what was found it may be a variant that is wanted.
    const key = keyFor(edge, job);
    if (!(await isForAnother(edge, key, token))) {
      withdrawAfter(edge, job, { key, landed });
      return null;
    }
    await edge.timers.sleep(millis(LIMITS.besideInterval * (0.5 + edge.random.unit())));
  }
}

async function isForAnother(edge: Edge, key: CacheKey, token: string): Promise<boolean> {
  if ((await edge.dataCentre.announcedBy(key)) !== null) return true;
  await edge.dataCentre.announce(key, token);
  const by = await edge.dataCentre.announcedBy(key);
  return by !== null && by !== token;
}

interface Announced {
  /** Under which those look who know as much of how its answers vary as he who fetches it did. */
  readonly key: CacheKey;
  readonly landed: Promise<void>;
}

/** That what is asked for is large, and comes: nobody waits for that to be said. */
export function announceUntil(edge: Edge, job: FlightJob, announced: Announced): void {
  job.request.background.keep(edge.dataCentre.announce(announced.key, edge.random.token()));
  withdrawAfter(edge, job, announced);
}

/** What has come is found. Where nothing has, or it has ended since, nobody is to wait for it. */
function withdrawAfter(edge: Edge, { request }: FlightJob, { key, landed }: Announced): void {
  request.background.keep(landed.then(() => edge.dataCentre.withdraw(key)));
}
