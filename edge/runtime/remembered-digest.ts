// Digests of short texts, remembered: every look beyond memory asks for that of its key, and the runtime takes 25 µs for one.

import type { Digest, RememberedDigest } from "../../shared/ports/identity.ts";

export interface DigestLimits {
  readonly digestsRemembered: number;
  /** Characters: longer ones are worked out anew each time. */
  readonly digestedText: number;
}

export function rememberedDigest(digest: Digest, limits: DigestLimits): RememberedDigest {
  const known = new Map<string, string>();
  // The outcome is kept, and no promise of it: that would belong to the request that asked first.
  const workOut = async (text: string): Promise<string> => {
    const digested = await digest.sha256Hex(text);
    if (text.length > limits.digestedText) return digested;
    if (known.size >= limits.digestsRemembered) known.clear();
    known.set(text, digested);
    return digested;
  };
  return { ...digest, sha256Hex: (text) => known.get(text) ?? workOut(text) };
}
