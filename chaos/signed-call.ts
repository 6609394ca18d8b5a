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
  const signed = await signature({ method, path: new URL(url).pathname, body }, key);
  const answer = await fetch(url, {
    method,
    headers: { ...signed, "content-type": "application/json" },
    ...(body !== "" && { body }),
    signal: AbortSignal.timeout(LIMITS.call),
  });
  return { status: answer.status, text: await answer.text() };
}

/** As a header, by this process's clock. */
export async function signature(
  message: Parameters<typeof signRequest>[0],
  key: string,
): Promise<Record<string, string>> {
  const by = { key, digest: systemDigest, random: systemRandom, nowWall: Date.now() };
  return { [SIGNATURE_HEADER]: await signRequest(message, by) };
}
