// Tokens as Redis keeps them: what each may do, and a digest of its secret, never the secret.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { parseJson } from "../wire/json.ts";
import { revokedTokenKey, TOKENS, TOKENS_USED } from "./keys.ts";
import { NUMBER_PRELUDE } from "./preludes.ts";
import { evalCommand, type ScriptReply, scriptReply } from "./script.ts";
import putScript from "./scripts/token-put.lua";
import readScript from "./scripts/token-read.lua";
import revokeScript from "./scripts/token-revoke.lua";

const READ = NUMBER_PRELUDE + readScript;

/** Scopes, sites and patterns are as they were checked when it was created. */
export interface StoredToken {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of its secret, hexadecimal. */
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly sites: readonly string[] | null;
  readonly patterns: readonly string[] | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  /** Of the request that created it: the same key with another one is a conflict. */
  readonly requestDigest: string;
}

/** With when it was used last, by the minute. */
export type ListedToken = StoredToken & { readonly lastUsedAt: number | null };

export interface Tokens {
  read(
    id: string,
    shownHash: string,
  ): Promise<
    { readonly kind: "token"; readonly token: StoredToken } | { readonly kind: "absent" } | Unavailable
  >;
  /** `exists`: as it was created first. */
  put(
    token: StoredToken,
  ): Promise<
    | { readonly kind: "created" | "exists"; readonly token: StoredToken }
    | { readonly kind: "revoked" | "full" }
    | Unavailable
  >;
  revoke(id: string): Promise<{ readonly kind: "revoked" | "absent" } | Unavailable>;
  /** By id. */
  list(): Promise<{ readonly kind: "tokens"; readonly tokens: readonly ListedToken[] } | Unavailable>;
}

export interface TokenLimits {
  readonly most: number;
  /** How often it is noted that one was used. */
  readonly usedEvery: Millis;
  /** For how long a revoked one is not created again by what is sent again. */
  readonly revokedKept: Millis;
  readonly deadline: Millis;
}

export function createTokens(redis: Redis, limits: TokenLimits): Tokens {
  const run = async (command: ReturnType<typeof evalCommand>): Promise<ScriptReply> =>
    scriptReply(await redis.run([command], limits.deadline));
  return {
    async read(id, shownHash) {
      const args = [id, shownHash, limits.usedEvery];
      const reply = await run(evalCommand(READ, [TOKENS, TOKENS_USED], args));
      if (reply.kind === "unavailable") return reply;
      const [kind, record = ""] = reply.strings;
      return kind === "token" ? readRecord(id, record) : { kind: "absent" };
    },
    async put(token) {
      const keys = [TOKENS, revokedTokenKey(token.id)];
      const reply = await run(evalCommand(putScript, keys, [token.id, recordOf(token), limits.most]));
      if (reply.kind === "unavailable") return reply;
      const [kind, record = ""] = reply.strings;
      if (kind === "revoked" || kind === "full") return { kind };
      const read = readRecord(token.id, record);
      return read.kind === "token" ? { ...read, kind: kind === "created" ? "created" : "exists" } : read;
    },
    async revoke(id) {
      const keys = [TOKENS, TOKENS_USED, revokedTokenKey(id)];
      const reply = await run(evalCommand(revokeScript, keys, [id, limits.revokedKept]));
      if (reply.kind === "unavailable") return reply;
      return { kind: reply.strings[0] === "revoked" ? "revoked" : "absent" };
    },
    list: () => listTokens(redis, limits.deadline),
  };
}

async function listTokens(redis: Redis, deadline: Millis): ReturnType<Tokens["list"]> {
  const commands = [TOKENS, TOKENS_USED].map((key) => ["HGETALL", key]);
  const outcome = await redis.run(commands, deadline);
  const [records, uses] = [scriptReply(outcome), scriptReply(outcome, 1)];
  if (records.kind === "unavailable") return records;
  if (uses.kind === "unavailable") return uses;
  const used = new Map(pairsOf(uses.strings));
  const tokens: ListedToken[] = [];
  for (const [id, record] of pairsOf(records.strings)) {
    const read = readRecord(id, record);
    const at = used.get(id);
    if (read.kind === "token")
      tokens.push({ ...read.token, lastUsedAt: at === undefined ? null : Number(at) });
  }
  return { kind: "tokens", tokens: tokens.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function pairsOf(strings: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < strings.length; i += 2) pairs.push([strings[i] ?? "", strings[i + 1] ?? ""]);
  return pairs;
}

/** The digest comes first, where the script finds it. */
const recordOf = ({ id: _, secretHash, ...rest }: StoredToken): string =>
  `${secretHash} ${JSON.stringify(rest)}`;

/** What can't be read lets nobody in, and is not taken for a token that is not there. */
function readRecord(
  id: string,
  record: string,
): { readonly kind: "token"; readonly token: StoredToken } | Unavailable {
  const space = record.indexOf(" ");
  const value = parseJson(record.slice(space + 1)) as Partial<StoredToken> | null;
  if (space !== 64 || value === null || typeof value !== "object" || !Array.isArray(value.scopes))
    return { kind: "unavailable", reason: "unreadable token" };
  const { name = "", scopes, sites = null, patterns = null, createdAt = 0, createdBy = "" } = value;
  const { expiresAt = null, requestDigest = "" } = value;
  return {
    kind: "token",
    token: {
      ...{ id, secretHash: record.slice(0, space), name, scopes, sites, patterns },
      ...{ createdAt, createdBy, expiresAt, requestDigest },
    },
  };
}
