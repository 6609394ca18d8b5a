// What another data centre has brought to the bucket that all of them share: a large body that need not be fetched again.

import { type InChunks, isInChunks } from "../../shared/core/chunks.ts";
import { satisfies } from "../../shared/core/request-directives.ts";
import { ageOf } from "../../shared/core/stored-answer.ts";
import { millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { answersFor } from "../answers-for.ts";
import type { Edge } from "../edge.ts";
import type { FlightJob } from "../flight-job.ts";
import { inputFor, type Judged, judge } from "../judge.ts";
import type { Right } from "../right.ts";
import type { DataCentreOutcome, DataCentreTier } from "../tiers/data-centre.ts";
import { keyFor, learnVariant } from "../variant.ts";

/** Judged like what any tier has; null where it is not good enough, and the origin is asked. */
export async function lookInBucket(
  edge: Edge,
  job: FlightJob,
  right: Right,
): Promise<(Judged & { readonly held: InChunks }) | null> {
  const { route, request, wants } = job;
  if (edge.bucket === null || route.rules.content !== "immutable" || right.asOf === null) return null;
  // What is nearer is to be freshened, or is what somebody asks to be newer than.
  if (right.validators !== null || request.purpose === "refill") return null;
  const since = edge.clock.now();
  const found = await findIn(edge.bucket, edge, job);
  const said = found.kind === "hit" ? "hit" : found.kind === "unavailable" ? "error" : "miss";
  edge.timings?.noteFlown(job, "bucket", { since, said });
  if (found.kind === "unavailable") route.counters.tiers.l2.errors += 1;
  if (found.kind !== "hit" || !isInChunks(found.held)) return null;
  if (!answersFor(found.held.answer, { route, request })) return null;
  const input = inputFor(edge, job, { held: found.held, body: NO_BODY, tier: "l2" });
  const judged = await judge(edge, input, null);
  if (judged?.step.kind !== "serve" || !isInChunks(judged.held)) return null;
  const remaining = judged.freshness.kind === "fresh" ? judged.freshness.remaining : millis(0);
  if (!satisfies(wants, { age: ageOf(judged.held, edge.clock.now()), remaining })) return null;
  route.counters.tiers.l2.hits += 1;
  return { ...judged, held: judged.held };
}

async function findIn(bucket: DataCentreTier, edge: Edge, job: FlightJob): Promise<DataCentreOutcome> {
  const key = keyFor(edge, job);
  const found = await bucket.find(key);
  if (found.kind !== "varies" || key !== job.route.key) return found;
  return bucket.find(learnVariant(edge, job, found.mark));
}
