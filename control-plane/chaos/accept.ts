// Whether an experiment may be run as it was asked for, and what is ordered then.

import type { ChaosOrder } from "../../shared/wire/chaos.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import { CATALOGUE, type Targets, targetsOf } from "./catalogue.ts";
import type { ChaosBody } from "./request.ts";

export type Acceptance =
  | { readonly kind: "order"; readonly order: Omit<ChaosOrder, "id"> }
  | { readonly kind: "refused"; readonly faults: readonly Fault[] };

/** `draw`: a seed for whoever gives none. */
export function acceptExperiment(body: ChaosBody, targets: Targets, draw: number): Acceptance {
  const { experiment, target = null, durationMs = LIMITS.chaosDefault, seed = draw, from, arrives } = body;
  const faults = [...targetFaults(body, targets), ...partitionFaults(body)];
  if (body.timeoutMs !== undefined && body.wait !== true)
    faults.push({ pointer: "/timeoutMs", message: "is only taken with wait" });
  if (faults.length > 0) return { kind: "refused", faults };
  const order = {
    ...{ experiment, target, durationMs, seed },
    ...(from === undefined ? {} : { from }),
    ...(arrives === undefined ? {} : { arrives }),
  };
  return { kind: "order", order };
}

function targetFaults({ experiment, target }: ChaosBody, targets: Targets): Fault[] {
  if (target === undefined) return [];
  const fault = (message: string): Fault[] => [{ pointer: "/target", message }];
  const { target: kind } = CATALOGUE[experiment];
  if (kind === null) return fault(`${experiment} takes none`);
  const known = targetsOf(experiment, targets);
  if (known.includes(target)) return [];
  const there = known.length === 0 ? "there is none" : `there are ${known.join(", ")}`;
  return fault(`is not ${kind === "edge" ? "an edge" : "a shard"} for ${experiment}: ${there}`);
}

const partitionFaults = (body: ChaosBody): Fault[] =>
  (["from", "arrives"] as const).flatMap((name) =>
    body[name] === undefined || body.experiment === "partition"
      ? []
      : [{ pointer: `/${name}`, message: "is of a partition alone" }],
  );
