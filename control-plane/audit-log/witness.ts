// What is kept of the audit log outside its database: how far it had come, and what was found missing since.

import type { AuditHead } from "../../shared/ports/audit-log.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";

/** Records that were there when they were noted, and are not any more, or are others. */
export interface AuditBreach {
  /** Milliseconds since 1970. */
  readonly foundAt: number;
  /** The first that is known to be wrong, and the last that was noted. */
  readonly from: number;
  readonly to: number;
}

export interface AuditNoted {
  /** Null where none was noted yet, which is not the same as unavailable. */
  readonly head: AuditHead | null;
  /** Oldest first. */
  readonly breaches: readonly AuditBreach[];
}

/** Never rejects. */
export interface AuditWitness {
  read(): Promise<({ readonly kind: "noted" } & AuditNoted) | Unavailable>;
  put(noted: AuditNoted): Promise<void>;
}
