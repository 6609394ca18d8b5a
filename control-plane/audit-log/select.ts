// Records of the audit log that somebody asks for, newest first, of as many as one request may look at.

import type { AuditRecord } from "../../shared/ports/audit-log.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";

export interface Wanted {
  /** What has to be true of a record. */
  readonly fits: (record: AuditRecord) => boolean;
  /** Milliseconds since 1970: what is older is not looked at. */
  readonly since: number | null;
  /** Below which number to begin; null for the newest. */
  readonly below: number | null;
  readonly limit: number;
}

export type Selected =
  | {
      readonly kind: "selected";
      readonly records: readonly AuditRecord[];
      /** Below which to go on; null where there is nothing more. */
      readonly next: number | null;
      /** When the oldest that was looked at was written; null where none was. */
      readonly reached: number | null;
    }
  | Unavailable;

/** May find fewer than asked for and still name where to go on: what fits may be far back. */
export async function selectRecords(
  { auditLog }: Pick<ControlPlane, "auditLog">,
  { fits, since, below, limit }: Wanted,
): Promise<Selected> {
  const found: AuditRecord[] = [];
  let place = below;
  let reached: number | null = null;
  const selected = (next: number | null): Selected => ({ kind: "selected", records: found, next, reached });
  for (let looked = 0; looked < LIMITS.auditScanned; looked += LIMITS.auditScannedAtOnce) {
    const page = await auditLog.page(place, LIMITS.auditScannedAtOnce);
    if (page.kind === "unavailable") return page;
    for (const record of page.records) {
      if (since !== null && record.at < since) return selected(null);
      reached = record.at;
      if (fits(record)) found.push(record);
      if (found.length === limit) return selected(isLast(page, record) ? null : record.seq);
    }
    if (page.next === null) return selected(null);
    place = page.next;
  }
  return selected(place);
}

const isLast = (
  { next, records }: { readonly next: number | null; readonly records: readonly AuditRecord[] },
  record: AuditRecord,
): boolean => next === null && records.at(-1) === record;
