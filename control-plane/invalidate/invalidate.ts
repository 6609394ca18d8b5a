// A purge from request to receipt: accept, append, then push.

import { formatPosition } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { readPatterns } from "../tokens/patterns.ts";
import { type Acceptance, acceptInvalidation, type SelectorCounts } from "./accept.ts";
import { type Appending, appendInvalidation, type Operation } from "./append.ts";
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
      readonly warnings: readonly Fault[];
      /** Whether every edge that it was pushed to has acknowledged it already. */
      readonly reached: boolean;
    }
  | DryRun
  | { readonly kind: "refused" | "forbidden"; readonly faults: readonly Fault[] }
  | { readonly kind: "conflict" }
  /** Acknowledged, but its repetition could not be scheduled. */
  | { readonly kind: "too-many-repeats" }
  | Unavailable;

export interface DryRun {
  readonly kind: "dry-run";
  readonly counts: SelectorCounts;
  readonly warnings: readonly Fault[];
  readonly selectors: readonly Selector[];
  /** Whom it would be pushed to. */
  readonly edges: readonly string[];
  readonly estimate: ShownEstimate;
}

export interface InvalidateOrder {
  readonly body: InvalidateBody;
  readonly operation: Operation;
  readonly pushing: Omit<Pushing, "directory">;
}

export async function invalidate(plane: ControlPlane, order: InvalidateOrder): Promise<InvalidateOutcome> {
  const { body, operation } = order;
  if (body.dryRun === true) return tryDry(plane, order);
  const tried = await appendAndPush(plane, order);
  if (tried.kind !== "tried") return tried;
  const { appended, reached } = tried;
  const { counts, warnings } = tried.invalidation;
  if (appended.kind === "conflict" || appended.kind === "unavailable") return appended;
  if (appended.kind !== "appended") return { kind: "unavailable", reason: appended.kind };
  if (body.repeatAfterMs !== undefined) {
    const due = appended.at + body.repeatAfterMs;
    const scheduled = await scheduleRepeat(plane, { body, operation }, due);
    if (scheduled.kind === "full") return { kind: "too-many-repeats" };
    if (scheduled.kind === "unavailable") return scheduled;
  }
  const position = formatPosition(appended.position);
  return { kind: "accepted", id: operation.id, position, counts, warnings, reached };
}

async function tryDry(
  plane: ControlPlane,
  { body, operation: { within } }: InvalidateOrder,
): Promise<DryRun | Exclude<Acceptance, { readonly kind: "accepted" }> | Unavailable> {
  const known = await readRouting(plane);
  if (known.kind === "unavailable") return known;
  const { routing } = known;
  const acceptance = acceptInvalidation(body, {
    ...{ routing, parse: plane.parseUrl },
    within: within == null ? null : readPatterns(within),
  });
  if (acceptance.kind !== "accepted") return acceptance;
  const { counts, selectors, warnings } = acceptance.invalidation;
  const found = await estimateHits(plane, selectors, routing);
  if (found.kind === "unavailable") return found;
  const edges = plane.settings.push ? found.edges : [];
  return { kind: "dry-run", counts, warnings, selectors, edges, estimate: found.estimate };
}

type Pushed = Appending & { readonly kind: "tried" } & { readonly reached: boolean };

async function appendAndPush(
  plane: ControlPlane,
  { body, operation, pushing }: InvalidateOrder,
): Promise<Pushed | Exclude<Appending, { kind: "tried" }>> {
  const [tried, listed] = await Promise.all([appendInvalidation(plane, body, operation), plane.edges.read()]);
  if (tried.kind !== "tried") return tried;
  const { appended, sentAt } = tried;
  if (appended.kind !== "appended") return { ...tried, reached: false };
  // What an earlier attempt had appended is pushed again: it may have ended before it pushed.
  const push = pushable(appended, { id: operation.id, sentAt });
  if (push === null) return { ...tried, reached: false };
  const directory = listed.kind === "unavailable" ? null : listed.directory;
  // Acknowledged only when it is noted, so that its loss would show.
  const [reached] = await Promise.all([
    fanOut(plane, push, { ...pushing, directory }),
    plane.witness.note(push.entry),
  ]);
  return { ...tried, reached };
}
