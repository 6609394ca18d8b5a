// Whether the audit log is as it was written: its chain record by record, and its head against the witness outside Redis.

import type { AuditFault, AuditPlace } from "../../shared/ports/audit-log.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { AuditBreach } from "./witness.ts";

export interface BadRecord {
  readonly seq: number;
  readonly reason: AuditFault | "rewritten" | "cut-short";
}

export interface AuditVerdict {
  readonly kind: "verdict";
  readonly holds: boolean;
  /** The oldest record that is kept, and the newest. */
  readonly from: number | null;
  readonly to: number | null;
  readonly records: number;
  readonly firstBad: BadRecord | null;
  /** Records of the form of before, with whose last hash the chain begins. */
  readonly earlier: number;
  /** Losses that the beat has found, of records that would still be kept. */
  readonly breaches: readonly AuditBreach[];
}

type Ports = Pick<ControlPlane, "auditLog" | "auditWitness">;

/** By pages, between which Redis does other things. */
export async function verifyAudit(plane: Ports): Promise<AuditVerdict | Unavailable> {
  const { auditLog } = plane;
  const noted = await plane.auditWitness.read();
  if (noted.kind === "unavailable") return noted;
  const { head: witnessed, breaches } = noted;
  const found = await auditLog.head(witnessed?.seq ?? 0);
  if (found.kind === "unavailable") return found;
  const { first, head, hashAt } = found;
  const chain = await walk(auditLog);
  if (chain.kind === "unavailable") return chain;
  const kept = breaches.filter((breach) => breach.to >= first);
  const firstBad = chain.firstBad ?? beyondChain({ witnessed, head, hashAt, first });
  return {
    kind: "verdict",
    holds: firstBad === null && kept.length === 0,
    from: head === null ? null : chain.first,
    to: head?.seq ?? null,
    records: head === null ? 0 : Math.max(0, head.seq - chain.first + 1),
    firstBad,
    earlier: chain.earlier,
    breaches: kept,
  };
}

type Walked = {
  readonly kind: "walked";
  readonly first: number;
  readonly earlier: number;
  readonly firstBad: BadRecord | null;
};

async function walk(auditLog: Ports["auditLog"]): Promise<Walked | Unavailable> {
  let place: AuditPlace | null = null;
  for (;;) {
    const step = await auditLog.verify(place, LIMITS.auditVerified);
    if (step.kind === "unavailable") return step;
    const { first } = step;
    if (step.kind === "fault")
      return { kind: "walked", first, earlier: 0, firstBad: { seq: step.seq, reason: step.fault } };
    if (step.next === null) return { kind: "walked", first, earlier: step.earlier, firstBad: null };
    place = step.next;
  }
}

/** What no chain shows by itself: that it was made anew, or that its newest records are gone with its head set back. */
export function beyondChain(given: {
  readonly witnessed: { readonly seq: number; readonly hash: string } | null;
  readonly head: { readonly seq: number } | null;
  readonly hashAt: string | null;
  readonly first: number;
}): BadRecord | null {
  const { witnessed, head, hashAt, first } = given;
  if (witnessed === null) return null;
  if (head === null || head.seq < witnessed.seq) return { seq: (head?.seq ?? 0) + 1, reason: "cut-short" };
  // Trimmed, it proves nothing any more.
  if (witnessed.seq < first) return null;
  return hashAt === witnessed.hash ? null : { seq: witnessed.seq, reason: "rewritten" };
}
