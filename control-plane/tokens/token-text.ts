// A token as its owner has it: `tgt_<id>_<secret>`. The id finds its record, whose digest the secret has to fit.

import type { Digest } from "../../shared/ports/identity.ts";

export interface ShownToken {
  readonly id: string;
  readonly secret: string;
}

export const formatToken = ({ id, secret }: ShownToken): string => `tgt_${id}_${secret}`;

/** Null where the text is none of ours: the environment's own may be any. */
export function parseToken(text: string): ShownToken | null {
  const [, id, secret] = /^tgt_([0-9a-f]{16})_([0-9a-f]{64})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

/**
 * Made from the operation and the cluster's key, which is kept nowhere beside the tokens: what is sent again is answered
 * as the first time, although only a digest is kept (docs/adr/0045).
 */
export async function tokenOf(digest: Digest, clusterKey: string, operationId: string): Promise<ShownToken> {
  const id = (await digest.sha256Hex(`token\n${operationId}`)).slice(0, 16);
  return { id, secret: await digest.hmacHex(clusterKey, `token-secret\n${operationId}`) };
}

/** It has the strength of a key, so that one round of a digest does. */
export const hashOf = (digest: Digest, { secret }: ShownToken): Promise<string> => digest.sha256Hex(secret);
