// One read of L2: the answer, or the right to ask the origin for one.

import { neededBy } from "../shared/core/admission.ts";
import { newestOf } from "../shared/core/log-view.ts";
import type { Position } from "../shared/core/position.ts";
import { l2BudgetOf } from "../shared/core/rules.ts";
import type { CacheKey } from "../shared/core/units.ts";
import type { ReadOutcome, ReadQuery } from "../shared/ports/mid-tier.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { giveBackInDoubt } from "./give-back.ts";
import type { Candidate } from "./judge.ts";

interface Sought {
  readonly key: CacheKey;
  readonly candidate: Candidate | null;
  /** Ids of answers that are not wanted again. */
  readonly unusable: readonly string[];
}

export async function askL2(
  edge: Edge,
  job: FlightJob,
  { search, asOf, token }: { readonly search: Sought; readonly asOf: Position; readonly token: string },
): Promise<{ readonly outcome: ReadOutcome; readonly digest: string }> {
  const digest = await edge.digest.sha256Hex(search.key);
  const home = search.key === job.route.key ? digest : await edge.digest.sha256Hex(job.route.key);
  const { leaseDuration: duration, overtakerPatience: patience } = LIMITS;
  const lease = job.lease === "none" ? null : { token, duration, patience };
  const need = needOf(edge, job, search.candidate) ?? asOf;
  const not = search.unusable.at(-1) ?? null;
  const query = queryFor(edge, job, { key: digest, home, need, asOf, lease, not });
  const outcome = await edge.midTier.read(query);
  if (lease !== null) giveBackInDoubt(edge, job, { outcome, key: digest, token });
  return { outcome, digest };
}

function queryFor(
  edge: Edge,
  { route, request }: FlightJob,
  { key, home, need, asOf, lease, not }: Omit<ReadQuery, "replicas" | "spread" | "budget">,
): ReadQuery {
  const { rules } = route;
  // What everybody asks for is on every shard, so that none is missed.
  const hot = edge.heat.isHot(home) || edge.heat.isHot(key);
  const replicas = hot ? LIMITS.hotReplicas : rules.replicas;
  const spread = request.purpose !== "client";
  return { key, home, need, asOf, lease, not, replicas, spread, budget: l2BudgetOf(rules) };
}

/** What whoever brings an answer for this must have known of; null without a view. */
export function needOf(edge: Edge, job: FlightJob, candidate: Candidate | null): Position | null {
  const view = edge.view.current();
  const known = candidate?.held.answer.selectors ?? [];
  if (view === null) return null;
  return neededBy(job.admittedBy, newestOf(view, [...job.route.selectors, ...known], "hard"));
}
