// Who asks, and what he may: scopes, and the sites and patterns that a token is bound to.

/** What routes ask for. `admin` includes all others. */
export const SCOPES = ["read", "purge", "warm", "policy", "chaos", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Principal {
  /** The token's id; `admin` is the environment's own. */
  readonly id: string;
  /** By which the audit log knows it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null: all of them. */
  readonly sites: readonly string[] | null;
  /** Within which everything has to lie that it invalidates; null: anything may be. */
  readonly patterns: readonly string[] | null;
}

/** Whoever has the environment's token. */
export const ADMIN: Principal = {
  ...{ id: "admin", name: "admin" },
  ...{ scopes: SCOPES, sites: null, patterns: null },
};

export const mayAct = ({ scopes }: Pick<Principal, "scopes">, scope: Scope): boolean =>
  scopes.includes(scope) || scopes.includes("admin");

/** What belongs to no site known is for those who may see all. */
export const maySee = ({ sites }: Pick<Principal, "sites">, site: string | null): boolean =>
  sites === null || (site !== null && sites.includes(site));

export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);
