// The audit log: who did what, from where, and what came of it; one chain of records for everything.

import type { AuditFacts } from "./asked.ts";
import type { Unavailable } from "./mid-tier.ts";

/** `accepted`: it is under way, and no more can be said yet. */
export type AuditResult = "accepted" | "done" | "refused" | "failed";

export interface AuditEntry {
  readonly actor: string;
  /** The id of the token; null where the system itself acted. */
  readonly token: string | null;
  readonly from: string | null;
  readonly action: string;
  readonly site: string | null;
  readonly detail: AuditFacts;
  readonly result: AuditResult;
  readonly requestId: string | null;
}

export interface AuditRecord extends AuditEntry {
  readonly seq: number;
  /** Redis TIME, milliseconds. */
  readonly at: number;
  /** Of the log, where it was written with an entry of it. */
  readonly position: string | null;
  readonly hash: string;
}

/** The same operation is recorded once; another request by its id is a conflict. */
export interface AuditOperation {
  readonly id: string;
  readonly requestDigest: string;
}

export type AuditAppended =
  | { readonly kind: "appended"; readonly seq: number; readonly at: number; readonly repeated: boolean }
  | { readonly kind: "conflict" }
  | Unavailable;

/** Newest first. */
export type AuditPage =
  | {
      readonly kind: "page";
      readonly records: readonly AuditRecord[];
      /** Below which the next page begins; null where there is none. */
      readonly next: number | null;
    }
  | Unavailable;

export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export type AuditHeadRead =
  /** `hashAt`: of the record that was asked about; null where it is not there. */
  | {
      readonly kind: "head";
      readonly head: AuditHead | null;
      readonly first: number;
      readonly hashAt: string | null;
    }
  | Unavailable;

/** Why a record is not as it was written. */
export type AuditFault =
  | "missing"
  | "unreadable"
  | "moved"
  | "changed"
  | "unlinked"
  | "head"
  | "headless"
  | "inserted";

/** Where a verification goes on. */
export interface AuditPlace {
  readonly seq: number;
  /** Of the record before it. */
  readonly hash: string;
}

export type AuditVerified =
  | {
      readonly kind: "verified";
      /** Null where the end was reached. */
      readonly next: AuditPlace | null;
      readonly first: number;
      readonly head: AuditHead | null;
      /** Records in the form of before that the chain goes on from. */
      readonly earlier: number;
    }
  | { readonly kind: "fault"; readonly seq: number; readonly fault: AuditFault; readonly first: number }
  | Unavailable;

/** Never rejects. */
export interface AuditLog {
  append(entry: AuditEntry, operation: AuditOperation): Promise<AuditAppended>;
  page(below: number | null, limit: number): Promise<AuditPage>;
  head(askedAbout: number): Promise<AuditHeadRead>;
  /** So many records from a place on, null for the oldest. */
  verify(from: AuditPlace | null, limit: number): Promise<AuditVerified>;
}
