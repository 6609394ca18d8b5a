// Names what an invalidation asks for by the configuration that the log has, and appends it, once.

import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import type { Instant } from "../../shared/core/units.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Asked } from "../../shared/ports/asked.ts";
import type { AppendOutcome, AppendQuery, Unavailable } from "../../shared/ports/mid-tier.ts";
import { type Fault, parseJson } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { readPatterns } from "../tokens/patterns.ts";
import { type Acceptance, acceptInvalidation, type Invalidation } from "./accept.ts";
import type { InvalidateBody } from "./request.ts";

export interface Operation {
  /** The same operation appends once; its receipt has the same id. */
  readonly id: string;
  readonly requestDigest: string;
  readonly actor: string;
  readonly reason: string | null;
  /** Left out where the system itself acts. */
  readonly asked?: Asked | undefined;
  /** Patterns within which all has to lie that it names; left out, or null, for none. */
  readonly within?: readonly string[] | null;
}

export type Appending =
  | {
      readonly kind: "tried";
      readonly invalidation: Invalidation;
      readonly appended: AppendOutcome;
      readonly sentAt: Instant;
    }
  | Exclude<Acceptance, { readonly kind: "accepted" }>
  | Unavailable;

/** Named anew where the configuration has changed meanwhile, and at last so that no policy matters (docs/adr/0017). */
export async function appendInvalidation(
  plane: ControlPlane,
  body: InvalidateBody,
  operation: Operation,
): Promise<Appending> {
  const within = operation.within == null ? null : readPatterns(operation.within);
  for (let naming = 1; ; naming++) {
    const wide = naming === LIMITS.namings;
    const known = await readRouting(plane);
    if (known.kind === "unavailable") return known;
    const { routing, position } = known;
    const acceptance = acceptInvalidation(body, { routing, parse: plane.parseUrl, wide, within });
    if (acceptance.kind !== "accepted") return acceptance;
    const { invalidation } = acceptance;
    const sentAt = plane.clock.now();
    const query = invalidationQuery(invalidation, operation, plane.settings.replicas);
    const expected = { position, of: invalidation.by };
    // Confirmed before it is pushed: to an edge that has been pushed it, a peer that the log did not tell has lost it.
    const appended = await appendConfirmed(plane.log, { ...query, expected });
    if (appended.kind !== "outdated" || wide) return { kind: "tried", invalidation, appended, sentAt };
  }
}

function invalidationQuery(
  { site, mode, selectors, warnings }: Invalidation,
  { id, requestDigest, actor, reason, asked }: Operation,
  replicas: number,
): AppendQuery {
  return {
    operationId: id,
    requestDigest,
    actor,
    action: "invalidate",
    facts: reason === null ? {} : { reason },
    ...(asked !== undefined && { asked }),
    payload: { kind: "invalidate", mode, selectors },
    detail: JSON.stringify({ site, mode, reason, selectors: selectors.length, warnings }),
    replicas,
    preceding: LIMITS.pushPreceding,
  };
}

/** What a receipt keeps of the request; edges' own invalidations keep a plain text. */
export interface ReceiptDetail {
  readonly site: string | null;
  readonly reason: string | null;
  readonly mode: InvalidationMode | null;
  readonly selectors: number | null;
  readonly warnings: readonly Fault[];
}

export function readDetail(text: string): ReceiptDetail {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null)
    return { site: null, mode: null, reason: text === "" ? null : text, selectors: null, warnings: [] };
  const { site, mode, reason, selectors, warnings } = value as Record<string, unknown>;
  return {
    site: typeof site === "string" ? site : null,
    reason: typeof reason === "string" ? reason : null,
    mode: mode === "hard" || mode === "soft" ? mode : null,
    selectors: typeof selectors === "number" ? selectors : null,
    // Written by a control plane; by one that is older, not at all.
    warnings: Array.isArray(warnings) ? (warnings as readonly Fault[]) : [],
  };
}
