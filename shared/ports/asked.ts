// Who has asked for something, and what the audit log says of it beside that.

/** Small and flat. Secrets that texts hold are taken out before it is written. */
export type AuditFacts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Whoever asked, beside his name. */
export interface Asked {
  /** The id of his token; null where he came by another way. */
  readonly token: string | null;
  /** The client's address, where the runtime vouches for it. */
  readonly from: string | null;
  readonly requestId: string;
}
