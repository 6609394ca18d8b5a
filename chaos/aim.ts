// Which place an order is for: the one that it names, or one that its seed picks; and whether that may be broken.

import { isEdge, minorityOf } from "../dev/chaos/blast-radius.ts";
import type { Breakable } from "../dev/chaos/lever.ts";
import { mix } from "../shared/core/mix.ts";
import type { ChaosOrder } from "../shared/wire/chaos.ts";
import type { Experiment } from "./experiment.ts";
import { SITE } from "./stage/paths.ts";

export interface Ground {
  readonly edges: readonly Breakable[];
  /** `control` first. */
  readonly databases: readonly Breakable[];
}

export type Aimed =
  | { readonly kind: "at"; readonly target: string }
  | { readonly kind: "refused"; readonly problem: string };

export function aim({ target, seed, experiment: name }: ChaosOrder, of: Experiment, ground: Ground): Aimed {
  if (of.aim === "site") return atSite(target, name);
  if (of.aim === "edge" && minorityOf(ground.edges.length) < 1)
    return refused(`one of ${ground.edges.length} edges is no minority: it takes three`);
  const eligible = eligibleFor(of, ground);
  if (target === null) {
    const candidates = withoutControl(eligible);
    const picked = candidates[mix(`${name} target`, seed) % Math.max(1, candidates.length)];
    return picked === undefined
      ? refused(`there is nothing here for ${name}`)
      : { kind: "at", target: picked };
  }
  if (eligible.some((place) => place === target)) return { kind: "at", target };
  const known: readonly string[] = [...ground.edges, ...ground.databases];
  return refused(
    known.includes(target)
      ? `${name} is not for ${target}, but for ${eligible.join(", ") || "what there isn't here"}`
      : `there is no ${target}; there are ${known.join(", ")}`,
  );
}

const refused = (problem: string): Aimed => ({ kind: "refused", problem });

const atSite = (target: string | null, name: string): Aimed =>
  target === null || target === SITE
    ? { kind: "at", target: SITE }
    : refused(`${name} is for the experiment's own site, and takes no target`);

function eligibleFor({ aim: wanted }: Experiment, { edges, databases }: Ground): readonly Breakable[] {
  if (wanted === "edge") return edges;
  // The configuration is in `control`: emptied, nothing would be left to experiment with.
  return wanted === "shard" ? databases.filter((place) => place !== "control") : databases;
}

/** Where others will do, the one that everything depends on has to be named. */
function withoutControl(places: readonly Breakable[]): readonly Breakable[] {
  const others = places.filter((place) => isEdge(place) || place !== "control");
  return others.length > 0 ? others : places;
}
