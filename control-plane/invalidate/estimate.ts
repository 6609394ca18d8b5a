// What an invalidation would hit, as far as that can be found out quickly: in each listed edge's memory, and in L2.

import { type Estimate, estimateFrom } from "../../shared/core/estimate.ts";
import type { Routing } from "../../shared/core/routing.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ListedEdge } from "../../shared/wire/edge-list.ts";
import { ESTIMATE_PATH, encodeEstimateCall } from "../../shared/wire/internal.ts";
import { decodeEstimate } from "../../shared/wire/replies.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";

/** Null hits, and why, where a part could not be asked: that is not the same as none. */
export interface PartEstimate {
  readonly hits: Estimate | null;
  readonly unavailable: string | null;
}

export interface ShownEstimate {
  /** Whether every part was asked and counted to the last answer. */
  readonly exact: boolean;
  readonly memory: readonly (PartEstimate & { readonly edge: string })[];
  readonly l2: readonly (PartEstimate & { readonly shard: string })[];
}

export type EstimateOutcome =
  | { readonly kind: "estimate"; readonly edges: readonly string[]; readonly estimate: ShownEstimate }
  | Unavailable;

export async function estimateHits(
  plane: ControlPlane,
  selectors: readonly Selector[],
  routing: Routing,
): Promise<EstimateOutcome> {
  const outcome = await plane.edges.read();
  if (outcome.kind === "unavailable") return outcome;
  const { edges } = outcome.directory;
  const body = encodeEstimateCall(selectors);
  const [memory, look] = await Promise.all([
    Promise.all(edges.map((edge) => askEdge(plane, edge, body))),
    plane.answerSamples.look(selectors, routing),
  ]);
  const l2 = [
    {
      shard: "control",
      ...(look.kind === "look" ? hits(estimateFrom(look.look)) : unavailable(look.reason)),
    },
  ];
  const exact = [...memory, ...l2].every((part) => part.hits?.exact === true);
  return { kind: "estimate", edges: edges.map(({ id }) => id), estimate: { exact, memory, l2 } };
}

async function askEdge(
  { callEdge }: Pick<ControlPlane, "callEdge">,
  edge: ListedEdge,
  body: string,
): Promise<PartEstimate & { readonly edge: string }> {
  const answer = await callEdge(edge, { path: ESTIMATE_PATH, body }, LIMITS.estimateDeadline);
  const found = answer.kind === "answer" ? decodeEstimate(answer.text) : null;
  if (found !== null) return { edge: edge.id, ...hits(estimateFrom(found)) };
  return { edge: edge.id, ...unavailable(answer.kind === "unreachable" ? answer.reason : "malformed reply") };
}

const hits = (estimate: Estimate): PartEstimate => ({ hits: estimate, unavailable: null });
const unavailable = (reason: string): PartEstimate => ({ hits: null, unavailable: reason });
