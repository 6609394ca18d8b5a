// Records what the system itself does, or what somebody has asked it to.

import type { Asked, AuditFacts } from "../../shared/ports/asked.ts";
import type { AuditAppended, AuditResult } from "../../shared/ports/audit-log.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { AuditAction } from "./actions.ts";

export interface Act {
  readonly action: AuditAction;
  readonly site?: string | null;
  readonly detail?: AuditFacts;
  /** `done` where left out: what was recorded is done at once, or what is done is recorded. */
  readonly result?: AuditResult;
}

/** In whose name, and by which operation: what is repeated by the same is recorded once. */
export interface By {
  readonly actor: string;
  readonly asked?: Asked | undefined;
  readonly operation?: { readonly id: string; readonly requestDigest: string } | undefined;
}

/** Without an operation every record is one of its own. Never rejects. */
export function record(
  { auditLog, random }: Pick<ControlPlane, "auditLog" | "random">,
  { action, site = null, detail = {}, result = "done" }: Act,
  { actor, asked, operation }: By,
): Promise<AuditAppended> {
  const id = operation === undefined ? random.token() : `${action} ${operation.id}`;
  const { token = null, from = null, requestId = null } = asked ?? {};
  return auditLog.append(
    { actor, token, from, action, site, detail, result, requestId },
    { id, requestDigest: operation?.requestDigest ?? id },
  );
}
