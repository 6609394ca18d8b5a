// A call that is signed with the cluster's key.

import { systemDigest, systemRandom } from "../shared/runtime/system.ts";
import { SIGNATURE_HEADER, signRequest } from "../shared/wire/signature.ts";
import { LIMITS } from "./config.ts";

export interface SignedAnswer {
  readonly status: number;
  readonly text: string;
}

/** Rejects where no answer came. */
export async function signedCall(
  url: string,
  { key, method, body = "" }: { key: string; method: "GET" | "POST" | "DELETE"; body?: string },
): Promise<SignedAnswer> {
  const by = { key, digest: systemDigest, random: systemRandom, nowWall: Date.now() };
  const signature = await signRequest({ method, path: new URL(url).pathname, body }, by);
  const answer = await fetch(url, {
    method,
    headers: { [SIGNATURE_HEADER]: signature, "content-type": "application/json" },
    ...(method === "POST" && { body }),
    signal: AbortSignal.timeout(LIMITS.call),
  });
  return { status: answer.status, text: await answer.text() };
}
