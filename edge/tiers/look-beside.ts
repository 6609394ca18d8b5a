// What another isolate of the data centre has brought meanwhile: nearer than L2, and asked of nobody.

import { comparePositions } from "../../shared/core/position.ts";
import type { CacheKey } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { answersFor } from "../answers-for.ts";
import { discard } from "../content.ts";
import type { Edge } from "../edge.ts";
import type { FlightJob } from "../flight-job.ts";
import { inputFor, isUsable, type Judged, judgeNow } from "../judge.ts";
import { learnVariant } from "../variant.ts";
import { findInDataCentre } from "./shared-look.ts";

export interface Beside {
  readonly key: CacheKey;
  /** Ids of answers that have been found to be of no use. */
  readonly unusable: readonly string[];
  /** Looks at L2 for which somebody else's fetch was waited. */
  readonly polls: number;
}

/**
 * Null where there is nothing of use. Whoever has just found nothing there need not look again; whoever has an answer in
 * memory that has expired, or is to be renewed, has not looked.
 */
export async function lookBeside(edge: Edge, job: FlightJob, beside: Beside): Promise<Judged | null> {
  const { route, request, candidate } = job;
  const { key, unusable, polls } = beside;
  if (route.rules.cacheApi !== "all" || request.purpose !== "client") return null;
  const hasLooked = candidate === null ? inMemory(edge, job, key) === null : candidate.tier !== "l1Memory";
  if (polls === 0 && hasLooked) return null;
  return findBeside(edge, job, { key, unusable });
}

/**
 * A large body is opened by whoever sends it. Of what L2 does not take nobody hears there by what its answers vary: that
 * stands here.
 */
export async function findBeside(
  edge: Edge,
  job: FlightJob,
  { key, unusable }: Pick<Beside, "key" | "unusable">,
): Promise<Judged | null> {
  const { route, candidate } = job;
  const found = await findInDataCentre(edge, key, "whole");
  if (found.kind === "varies") {
    const variant = learnVariant(edge, job, found.mark);
    return variant === key ? null : findBeside(edge, job, { key: variant, unusable });
  }
  if (found.kind !== "hit") return null;
  const { held } = found;
  const body = found.body.kind === "source" ? NO_BODY : found.body;
  discard(found.body);
  if (unusable.includes(held.answer.id) || !answersFor(held.answer, job)) return null;
  const input = inputFor(edge, job, { held, body, tier: "l1Cache" }, job.arrivedAt);
  const judged = judgeNow(edge, { ...input, admittedBy: job.admittedBy });
  if (judged === null || !isNewer(held, candidate?.held ?? inMemory(edge, job, key))) return null;
  if (!isUsable(job, judged, edge.clock.now())) return null;
  route.counters.tiers.l1Cache.hits += 1;
  return judged;
}

/** Of no use, since nobody would ask: but nothing that is older is of more. */
const inMemory = (edge: Edge, { route }: FlightJob, key: CacheKey): Judged["held"] | null =>
  edge.memory.peek(route.rules, key)?.held ?? null;

/** What is to be renewed is renewed by what came after it. */
const isNewer = (found: Judged["held"], than: Judged["held"] | null): boolean =>
  than === null || (comparePositions(found.answer.asOf, than.answer.asOf) >= 0 && found.bornAt > than.bornAt);
