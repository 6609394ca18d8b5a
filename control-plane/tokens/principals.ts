// Whose token it is: asked of Redis, and known for a few seconds, so that a revocation is effective within them.

import { elapsed, type Instant, type Millis, millis } from "../../shared/core/units.ts";
import type { StoredToken, Tokens } from "../../shared/mid-tier/tokens.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { sameText } from "../../shared/wire/signature.ts";
import { ADMIN, isScope, type Principal } from "./scopes.ts";
import { hashOf, parseToken, type ShownToken } from "./token-text.ts";

export type Recognition =
  | { readonly kind: "known"; readonly principal: Principal }
  | { readonly kind: "unknown" }
  /** It is none that is known, and nobody could ask. */
  | Unavailable;

export interface PrincipalsConfig {
  readonly tokens: Pick<Tokens, "read">;
  readonly digest: Digest;
  readonly clock: Clock;
  /** SHA-256 of the environment's own; null lets nobody in by it. */
  readonly adminTokenHash: string | null;
  readonly keptFor: Millis;
  readonly most: number;
}

interface Kept {
  readonly token: StoredToken;
  /** When it was asked for, which is before it was read. */
  readonly askedAt: Instant;
}

/** Where nobody can be asked, nobody is recognised. */
const FORGOTTEN = millis(0);

export class Principals {
  private readonly config: PrincipalsConfig;
  private readonly kept = new Map<string, Kept>();

  constructor(config: PrincipalsConfig) {
    this.config = config;
  }

  /** Without asking anybody; null where that does not decide it. */
  async atHand(text: string): Promise<Principal | null> {
    const { digest, adminTokenHash, keptFor } = this.config;
    const whole = await digest.sha256Hex(text);
    if (adminTokenHash !== null && sameText(whole, adminTokenHash)) return ADMIN;
    const shown = parseToken(text);
    const kept = shown === null ? null : this.known(shown.id, keptFor);
    return shown === null || kept === null ? null : this.fitting(kept, await hashOf(digest, shown));
  }

  /** Asks Redis where it has to. Where that is away, whoever was recognised no longer ago than `rememberedFor` is. */
  async recognise(text: string, rememberedFor: Millis = FORGOTTEN): Promise<Recognition> {
    const principal = await this.atHand(text);
    if (principal !== null) return { kind: "known", principal };
    const shown = parseToken(text);
    return shown === null ? { kind: "unknown" } : this.ask(shown, rememberedFor);
  }

  /** By its id alone: for whoever has shown its secret before, and was given a proof of that. */
  async named(id: string, rememberedFor: Millis = FORGOTTEN): Promise<Recognition> {
    if (id === ADMIN.id) return this.recognised(this.config.adminTokenHash === null ? null : ADMIN);
    const kept = this.known(id, this.config.keptFor);
    if (kept !== null) return this.recognised(this.valid(kept));
    const askedAt = this.config.clock.now();
    const read = await this.config.tokens.read(id, "");
    if (read.kind === "unavailable") {
      const remembered = this.known(id, rememberedFor);
      return remembered === null ? read : this.recognised(this.valid(remembered));
    }
    this.kept.delete(id);
    if (read.kind === "absent") return this.recognised(null);
    this.keep({ token: read.token, askedAt });
    return this.recognised(this.valid(read.token));
  }

  forget(id: string): void {
    this.kept.delete(id);
  }

  private async ask(shown: ShownToken, rememberedFor: Millis): Promise<Recognition> {
    const { tokens, digest, clock } = this.config;
    const hash = await hashOf(digest, shown);
    const askedAt = clock.now();
    const read = await tokens.read(shown.id, hash);
    if (read.kind === "unavailable") {
      const remembered = this.known(shown.id, rememberedFor);
      return remembered === null ? read : this.recognised(this.fitting(remembered, hash));
    }
    this.kept.delete(shown.id);
    if (read.kind === "absent") return { kind: "unknown" };
    const principal = this.fitting(read.token, hash);
    // Whoever knows no more than ids must not crowd out those who are known.
    if (principal === null) return { kind: "unknown" };
    this.keep({ token: read.token, askedAt });
    return { kind: "known", principal };
  }

  /** Null where it was not asked for within that time. */
  private known(id: string, within: Millis): StoredToken | null {
    const kept = this.kept.get(id);
    return kept !== undefined && elapsed(kept.askedAt, this.config.clock.now()) < within ? kept.token : null;
  }

  private keep(kept: Kept): void {
    this.kept.set(kept.token.id, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > this.config.most && oldest !== undefined) this.kept.delete(oldest);
  }

  private recognised(principal: Principal | null): Recognition {
    return principal === null ? { kind: "unknown" } : { kind: "known", principal };
  }

  private fitting(token: StoredToken, hash: string): Principal | null {
    // Compared first: that one has expired is told to nobody who does not have it.
    return sameText(hash, token.secretHash) ? this.valid(token) : null;
  }

  private valid({ expiresAt, ...token }: StoredToken): Principal | null {
    if (expiresAt !== null && this.config.clock.wall() >= expiresAt) return null;
    const { id, name, scopes, sites, patterns } = token;
    return { id, name, scopes: scopes.filter(isScope), sites, patterns };
  }
}
