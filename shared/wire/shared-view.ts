// What one isolate leaves for the others of its data centre: a pull's outcome, dated by Redis, sealed with the cluster's key.

import type { Telling } from "../core/gossip.ts";
import type { Digest } from "../ports/identity.ts";
import type { RedisTime } from "../ports/mid-tier.ts";
import { decodeTold, encodeTold } from "./gossip.ts";
import { sameText } from "./signature.ts";

/** What the isolate knew when the log had answered, and Redis TIME in that answer. */
export interface SharedPull {
  readonly at: RedisTime;
  readonly telling: Telling;
}

/** `scope` names the log: a zone may have several, and a seal for one says nothing of another. */
export interface Seal {
  readonly digest: Pick<Digest, "hmacHex">;
  readonly key: string;
  readonly scope: string;
}

export const encodeShared = ({ at, telling }: SharedPull): string =>
  `${at}\n${JSON.stringify(encodeTold({ kind: "telling", telling }))}`;

export async function seal(text: string, by: Seal): Promise<string> {
  return `${await sealOf(text, by)}\n${text}`;
}

/** Null where it was not sealed with this key for this log, or can't be read. */
export async function openSealed(sealed: string, by: Seal): Promise<SharedPull | null> {
  const end = sealed.indexOf("\n");
  const text = sealed.slice(end + 1);
  if (end < 0 || !sameText(sealed.slice(0, end), await sealOf(text, by))) return null;
  const line = text.indexOf("\n");
  const at = Number(text.slice(0, line));
  const told = decodeTold(text.slice(line + 1));
  return Number.isSafeInteger(at) && told?.kind === "telling" ? { at, telling: told.telling } : null;
}

/** A name that can't be guessed from outside, and no digest of a cache key looks like it. */
export const placeOf = async (by: Seal): Promise<string> =>
  `view-${(await by.digest.hmacHex(by.key, `place of the view\n${by.scope}`)).slice(0, 32)}`;

const sealOf = (text: string, { digest, key, scope }: Seal): Promise<string> =>
  digest.hmacHex(key, `view\n${scope}\n${text}`);
