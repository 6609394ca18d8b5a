// Watches over the audit log: compares it with what was noted of it, notes how far it has come, and verifies it bit by bit.

import type { AuditPlace } from "../../shared/ports/audit-log.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { record } from "./record.ts";
import { beyondChain } from "./verify.ts";
import type { AuditNoted } from "./witness.ts";

type Ports = Pick<ControlPlane, "auditLog" | "auditWitness" | "clock" | "metrics" | "random">;

/** What is kept from one look to the next. */
export class AuditWatch {
  /** Where the verification goes on; null: at the oldest. */
  private place: AuditPlace | null = null;
  private told: string | null = null;
  /** Looks that have found it broken, and of which no figure tells yet. */
  private uncounted = 0;

  /** What is wrong, where anything is and it was not told before. */
  async look(plane: Ports): Promise<string | null> {
    const wrong = (await this.compare(plane)) ?? (await this.verifyOn(plane));
    const news = wrong !== null && wrong !== this.told;
    this.told = wrong;
    if (wrong !== null) this.uncounted += 1;
    await this.count(plane);
    return news ? wrong : null;
  }

  /** By what is counted the alert rules know: whoever reads the figures may be another isolate. */
  private async count({ metrics }: Ports): Promise<void> {
    const counts = new Map([["auditChain|looks", 1]]);
    if (this.uncounted > 0) counts.set("auditChain|broken", this.uncounted);
    const { kind } = await metrics.countAll(counts);
    // A loss is found once: what could not be counted is counted with the next look.
    if (kind === "counted") this.uncounted = 0;
  }

  private async compare(plane: Ports): Promise<string | null> {
    const noted = await plane.auditWitness.read();
    if (noted.kind === "unavailable") return null;
    const { head: witnessed, breaches } = noted;
    const found = await plane.auditLog.head(witnessed?.seq ?? 0);
    if (found.kind === "unavailable") return null;
    const { head } = found;
    const bad = beyondChain({ ...found, witnessed });
    if (bad === null) {
      if (head !== null && head.seq !== witnessed?.seq) await plane.auditWitness.put({ head, breaches });
      return null;
    }
    const breach = { foundAt: plane.clock.wall(), from: bad.seq, to: witnessed?.seq ?? bad.seq };
    await report(plane, { head, breaches: [...breaches, breach].slice(-LIMITS.lossesKept) });
    return `records of the audit log from ${breach.from} to ${breach.to} are ${bad.reason}`;
  }

  private async verifyOn({ auditLog }: Ports): Promise<string | null> {
    const step = await auditLog.verify(this.place, LIMITS.auditVerified);
    if (step.kind === "unavailable") return null;
    this.place = step.kind === "verified" ? step.next : null;
    return step.kind === "fault" ? `record ${step.seq} of the audit log is ${step.fault}` : null;
  }
}

/** Recorded first: until it is, every look finds it anew. */
async function report(plane: Ports, noted: AuditNoted): Promise<void> {
  const { from = 0, to = 0 } = noted.breaches.at(-1) ?? {};
  const operation = { id: `audit ${from} ${to}`, requestDigest: "-" };
  const detail = { log: "audit", from, to };
  const act = { action: "log.lost", detail } as const;
  const told = await record(plane, act, { actor: "control-plane", operation });
  if (told.kind === "unavailable") return;
  const found = await plane.auditLog.head(0);
  if (found.kind === "head") await plane.auditWitness.put({ ...noted, head: found.head });
}
