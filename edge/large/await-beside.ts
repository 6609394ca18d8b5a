// Of a large answer each data centre has a copy of its own: its isolates agree on who of them fetches it.

import { type CacheKey, later, millis } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { FlightJob } from "../flight-job.ts";
import type { Judged } from "../judge.ts";
import { type Beside, findBeside } from "../tiers/look-beside.ts";
import { isKeepable } from "./keep-in-chunks.ts";

/**
 * The answer, where another isolate has brought it, or does so soon; null where this one is to fetch it, which the others are
 * told. Of those who say so at once the last one does; one that has looked before the last has spoken fetches it as well.
 */
export async function awaitBeside(
  edge: Edge,
  job: FlightJob,
  beside: Pick<Beside, "key" | "unusable">,
): Promise<Judged | null> {
  const { route, request, lease } = job;
  const { key } = beside;
  if (lease !== "wait" || request.purpose !== "client" || !isKeepable(route.rules, 0)) return null;
  const token = edge.random.token();
  const until = later(edge.clock.now(), LIMITS.shortPatience);
  while (true) {
    const judged = await findBeside(edge, job, beside);
    if (judged !== null) return judged;
    if (edge.clock.now() >= until || !(await isForAnother(edge, key, token))) return null;
    await edge.timers.sleep(millis(LIMITS.besideInterval * (0.5 + edge.random.unit())));
  }
}

async function isForAnother(edge: Edge, key: CacheKey, token: string): Promise<boolean> {
  if ((await edge.dataCentre.announcedBy(key)) !== null) return true;
  await edge.dataCentre.announce(key, token);
  const by = await edge.dataCentre.announcedBy(key);
  return by !== null && by !== token;
}
