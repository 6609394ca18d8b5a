// Signed requests inside the cluster, HMAC-SHA-256 over method, path, body digest, time and nonce; and signed answers.

import type { Digest, Random } from "../ports/identity.ts";

export const SIGNATURE_HEADER = "tidegate-signature";

export interface Signable {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body: string;
}

/** `t=<ms since 1970>,n=<nonce>,v=<hex>` */
export async function signRequest(
  message: Signable,
  by: { readonly key: string; readonly digest: Digest; readonly random: Random; readonly nowWall: number },
): Promise<string> {
  const nonce = by.random.token();
  const value = await signatureOf(message, { ...by, nonce, time: by.nowWall });
  return `t=${by.nowWall},n=${nonce},v=${value}`;
}

async function signatureOf(
  message: Signable,
  by: { readonly key: string; readonly digest: Digest; readonly nonce: string; readonly time: number },
): Promise<string> {
  const bodyDigest = await by.digest.sha256Hex(message.body);
  return by.digest.hmacHex(by.key, [message.method, message.path, bodyDigest, by.time, by.nonce].join("\n"));
}

/**
 * What an answer is signed with: bound to the request's own signature, so that no other answer, nor an older one, can
 * be put in its place. Hexadecimal.
 */
export async function signReply(
  reply: { readonly request: string; readonly body: string },
  by: { readonly key: string; readonly digest: Digest },
): Promise<string> {
  const bodyDigest = await by.digest.sha256Hex(reply.body);
  return by.digest.hmacHex(by.key, ["reply", reply.request, bodyDigest].join("\n"));
}

export type SignatureFault = "no key" | "no signature" | "too old" | "wrong signature" | "seen before";

export type Verdict =
  | { readonly kind: "genuine" }
  | { readonly kind: "refused"; readonly reason: SignatureFault };

/** Remembers nonces for as long as a signature is accepted, so that a message counts once. */
export class SignatureChecker {
  private readonly key: string;
  private readonly digest: Digest;
  private readonly maxAge: number;
  private readonly seen = new Map<string, number>();

  constructor(config: { key: string; digest: Digest; maxAgeMs: number }) {
    this.key = config.key;
    this.digest = config.digest;
    this.maxAge = config.maxAgeMs;
  }

  async check(message: Signable, signature: string | null, nowWall: number): Promise<Verdict> {
    // With none anybody could sign: whoever was given no key knows no one.
    if (this.key === "") return { kind: "refused", reason: "no key" };
    const parts = /^t=(\d{1,16}),n=([\w-]{8,64}),v=([0-9a-f]{64})$/.exec(signature ?? "");
    if (parts === null) return { kind: "refused", reason: "no signature" };
    const [, timeText = "", nonce = "", value = ""] = parts;
    const time = Number(timeText);
    const expected = await signatureOf(message, { key: this.key, digest: this.digest, nonce, time });
    if (!sameText(expected, value)) return { kind: "refused", reason: "wrong signature" };
    // Said only of what was signed with the key: it may be the clock here that is wrong.
    if (Math.abs(nowWall - time) > this.maxAge) return { kind: "refused", reason: "too old" };
    this.forgetOld(nowWall);
    if (this.seen.has(nonce)) return { kind: "refused", reason: "seen before" };
    this.seen.set(nonce, time);
    return { kind: "genuine" };
  }

  signReply(request: string, body: string): Promise<string> {
    return signReply({ request, body }, { key: this.key, digest: this.digest });
  }

  /** Insertion order is nearly the order of time: the oldest come first. */
  private forgetOld(nowWall: number): void {
    for (const [nonce, time] of this.seen) {
      if (nowWall - time <= this.maxAge) return;
      this.seen.delete(nonce);
    }
  }
}

/** Takes the same time wherever the texts differ. */
export function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % Math.max(1, b.length));
  return difference === 0;
}
