// A purge from request to receipt: accept, append, then push.

import { formatPosition } from "../../shared/core/position.ts";
import type { Routing } from "../../shared/core/routing.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { AppendOutcome, Unavailable } from "../../shared/ports/mid-tier.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { acceptInvalidation, type Fault, type Invalidation, type SelectorCounts } from "./accept.ts";
import { appendInvalidation, type Operation } from "./append.ts";
import { estimateHits, type ShownEstimate } from "./estimate.ts";
import { fanOut, type Pushing, pushable } from "./fan-out.ts";
import { scheduleRepeat } from "./repeat.ts";
import type { InvalidateBody } from "./request.ts";

export type InvalidateOutcome =
  | {
      readonly kind: "accepted";
      readonly id: string;
      readonly position: string;
      readonly counts: SelectorCounts;
      /** Whether every edge that it was pushed to has acknowledged it already. */
      readonly reached: boolean;
    }
  | DryRun
  | { readonly kind: "refused"; readonly faults: readonly Fault[] }
  | { readonly kind: "conflict" }
  /** Acknowledged, but its repetition could not be scheduled. */
  | { readonly kind: "too-many-repeats" }
  | Unavailable;

export interface DryRun {
  readonly kind: "dry-run";
  readonly counts: SelectorCounts;
  readonly selectors: readonly Selector[];
  /** Whom it would be pushed to. */
  readonly edges: readonly string[];
  readonly estimate: ShownEstimate;
}

export interface InvalidateOrder {
  readonly body: InvalidateBody;
  readonly operation: Operation;
  readonly pushing: Omit<Pushing, "listed">;
}

export async function invalidate(plane: ControlPlane, order: InvalidateOrder): Promise<InvalidateOutcome> {
  const { body, operation } = order;
  const known = await readRouting(plane);
  if (known.kind === "unavailable") return known;
  const acceptance = acceptInvalidation(body, { routing: known.routing, parse: plane.parseUrl });
  if (acceptance.kind === "refused") return acceptance;
  const { invalidation } = acceptance;
  const { counts } = invalidation;
  if (body.dryRun === true) return tryDry(plane, invalidation, known.routing);
  const { appended, reached } = await appendAndPush(plane, invalidation, order);
  if (appended.kind === "conflict") return appended;
  if (appended.kind !== "appended") return { kind: "unavailable", reason: appended.kind };
  if (body.repeatAfterMs !== undefined) {
    const due = appended.at + body.repeatAfterMs;
    const scheduled = await scheduleRepeat(plane, { invalidation, operation }, due);
    if (scheduled.kind === "full") return { kind: "too-many-repeats" };
    if (scheduled.kind === "unavailable") return scheduled;
  }
  const position = formatPosition(appended.position);
  return { kind: "accepted", id: operation.id, position, counts, reached };
}

async function tryDry(
  plane: ControlPlane,
  { counts, selectors }: Invalidation,
  routing: Routing,
): Promise<DryRun | Unavailable> {
  const found = await estimateHits(plane, selectors, routing);
  if (found.kind === "unavailable") return found;
  const edges = plane.settings.push ? found.edges : [];
  return { kind: "dry-run", counts, selectors, edges, estimate: found.estimate };
}

async function appendAndPush(
  plane: ControlPlane,
  invalidation: Invalidation,
  { operation, pushing }: InvalidateOrder,
): Promise<{ readonly appended: AppendOutcome; readonly reached: boolean }> {
  const sentAt = plane.clock.now();
  const [appended, listed] = await Promise.all([
    appendInvalidation(plane, invalidation, operation),
    plane.edges.read(),
  ]);
  if (appended.kind !== "appended") return { appended, reached: false };
  // What an earlier attempt had appended is pushed again: it may have ended before it pushed.
  const push = pushable(appended, { id: operation.id, sentAt });
  if (push === null) return { appended, reached: false };
  const edges = listed.kind === "unavailable" ? null : listed.directory.edges;
  // Acknowledged only when it is noted, so that its loss would show.
  const [reached] = await Promise.all([
    fanOut(plane, push, { ...pushing, listed: edges }),
    plane.witness.note(push.entry),
  ]);
  return { appended, reached };
}
