// What the audit log tells of: every action that changes something, by name.

export const AUDIT_ACTIONS = [
  "invalidate",
  ...(["policy.put", "policy.delete", "site.put", "site.delete"] as const),
  /** A field of the configuration that is neither. */
  "configure",
  ...(["shards.put", "edges.put", "warmup.start", "warmup.cancel"] as const),
  ...(["journal.retry", "journal.drop", "token.create", "token.revoke"] as const),
  ...(["alert.fire", "alert.clear", "alert.ack", "deployment"] as const),
  ...(["session.sign-in", "session.sign-out", "chaos.start", "chaos.end", "chaos.abort"] as const),
  /** Records or entries that were acknowledged are not there any more. */
  "log.lost",
  /** A journal's database came back without writes that it had acknowledged. */
  "journal.lost",
  /** For want of a scope, or beyond what the token is bound to. */
  "refused",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

type FamilyOf<Action> = Action extends `${infer Family}.${string}` ? Family : never;

/** What several begin with: `policy` stands for all that is done to policies. */
export const AUDIT_FAMILIES = [
  ...new Set(
    AUDIT_ACTIONS.filter((action) => action.includes(".")).map(
      (action) => action.slice(0, action.indexOf(".")) as FamilyOf<AuditAction>,
    ),
  ),
];
