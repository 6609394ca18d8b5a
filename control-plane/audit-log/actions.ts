// What the audit log tells of: every action that changes something, by name.

export type AuditAction =
  | "invalidate"
  | `policy.${"put" | "delete"}`
  | `site.${"put" | "delete"}`
  /** A field of the configuration that is neither. */
  | "configure"
  | "shards.put"
  | "edges.put"
  | `warmup.${"start" | "cancel"}`
  | `journal.${"retry" | "drop"}`
  | `token.${"create" | "revoke"}`
  | `alert.${"fire" | "clear" | "ack"}`
  | "deployment"
  | `session.${"sign-in" | "sign-out"}`
  | `chaos.${"start" | "end" | "abort"}`
  /** Records or entries that were acknowledged are not there any more. */
  | "log.lost"
  /** A journal's database came back without writes that it had acknowledged. */
  | "journal.lost"
  /** For want of a scope, or beyond what the token is bound to. */
  | "refused";
