// What the log has lost, as its configuration tells it.

import { parseJson } from "../../shared/wire/json.ts";

/** The configuration's field in which losses stand; its appends are audited as everybody's are. */
export const LOSSES_FIELD = "log/losses";

export interface LogLoss {
  /** When it was found, milliseconds since 1970. */
  readonly foundAt: number;
  /** The last position known to be acknowledged, and where the log stood when the loss was found. */
  readonly from: string;
  readonly to: string;
}

/** Oldest first. */
export function readLosses(configuration: ReadonlyMap<string, string>): LogLoss[] {
  const value = parseJson(configuration.get(LOSSES_FIELD) ?? "[]");
  return Array.isArray(value) ? value.filter(isLoss) : [];
}

function isLoss(value: unknown): value is LogLoss {
  const { foundAt, from, to } = (value ?? {}) as Record<string, unknown>;
  return typeof foundAt === "number" && typeof from === "string" && typeof to === "string";
}
