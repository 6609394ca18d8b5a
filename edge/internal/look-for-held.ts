// Says of each target of a warm-up whether this edge could answer it at once, and from where.

import type { Background } from "../../shared/ports/clock.ts";
import type { ExplainReply, Holding } from "../../shared/wire/explain.ts";
import type { HeldReply } from "../../shared/wire/held.ts";
import { decodeTarget } from "../../shared/wire/warm-target.ts";
import type { Edge } from "../edge.ts";
import { explain } from "./explain.ts";
import { requestFor } from "./warm.ts";

export async function lookForHeld(
  edge: Edge,
  background: Background,
  targets: readonly string[],
): Promise<HeldReply> {
  const held: HeldReply["held"] = [];
  for (const text of targets) {
    const target = decodeTarget(text);
    const told =
      target === null
        ? null
        : await explain(edge, requestFor(edge, background, { target, purpose: "warm-up" }));
    held.push(nearest(told?.tiers ?? null));
  }
  return { edge: edge.id, held };
}

function nearest(tiers: ExplainReply["tiers"]): HeldReply["held"][number] {
  if (tiers === null) return null;
  for (const tier of ["memory", "dataCentre", "l2"] as const) if (isServed(tiers[tier])) return tier;
  return null;
}

const isServed = (holding: Holding): boolean =>
  holding.kind === "answer" && (holding.step === "serve" || holding.step === "serve-and-refresh");
