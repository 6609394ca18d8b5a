// Appends an accepted invalidation to the log, once, and says what the answer to its sender is.

import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { AppendOutcome, AppendQuery } from "../../shared/ports/mid-tier.ts";
import { parseJson } from "../../shared/wire/log-payload.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Invalidation } from "./accept.ts";

export interface Operation {
  /** The same operation appends once; its receipt has the same id. */
  readonly id: string;
  readonly requestDigest: string;
  readonly actor: string;
  readonly reason: string | null;
}

export function appendInvalidation(
  { log, settings }: Pick<ControlPlane, "log" | "settings">,
  invalidation: Invalidation,
  operation: Operation,
): Promise<AppendOutcome> {
  // Confirmed before it is pushed: to an edge that has been pushed it, a peer that the log did not tell has lost it.
  return appendConfirmed(log, invalidationQuery(invalidation, operation, settings.replicas));
}

function invalidationQuery(
  { site, mode, selectors }: Invalidation,
  { id, requestDigest, actor, reason }: Operation,
  replicas: number,
): AppendQuery {
  return {
    operationId: id,
    requestDigest,
    actor,
    action: "invalidate",
    payload: { kind: "invalidate", mode, selectors },
    detail: JSON.stringify({ site, mode, reason, selectors: selectors.length }),
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
}

export function readDetail(text: string): ReceiptDetail {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null)
    return { site: null, mode: null, reason: text === "" ? null : text, selectors: null };
  const { site, mode, reason, selectors } = value as Record<string, unknown>;
  return {
    site: typeof site === "string" ? site : null,
    reason: typeof reason === "string" ? reason : null,
    mode: mode === "hard" || mode === "soft" ? mode : null,
    selectors: typeof selectors === "number" ? selectors : null,
  };
}
