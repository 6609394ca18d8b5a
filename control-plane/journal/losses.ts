// What journals have lost, as the log's configuration tells it.

import { parseJson } from "../../shared/wire/json.ts";

/** The configuration's field in which losses stand; its appends are audited as everybody's are. */
export const JOURNAL_LOSSES_FIELD = "journal/losses";

export interface JournalLoss {
  /** When it was found, milliseconds since 1970. */
  readonly foundAt: number;
  readonly database: string;
  /** Acknowledged writes that it had when it was last looked at, and lacks, at most; what came after that look is not known. */
  readonly lacks: number;
}

/** Oldest first. */
export function readJournalLosses(configuration: ReadonlyMap<string, string>): JournalLoss[] {
  const value = parseJson(configuration.get(JOURNAL_LOSSES_FIELD) ?? "[]");
  return Array.isArray(value) ? value.filter(isLoss) : [];
}

function isLoss(value: unknown): value is JournalLoss {
  const { foundAt, database, lacks } = (value ?? {}) as Record<string, unknown>;
  return typeof foundAt === "number" && typeof database === "string" && typeof lacks === "number";
}
