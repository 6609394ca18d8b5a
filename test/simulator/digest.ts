// Digests of the simulated hosts: as the real ones, worked out once a process where it can be, since no seed changes them.

import { createHash, hash } from "node:crypto";
import type { Digest } from "../../shared/ports/identity.ts";

const REMEMBERED = 10_000;
const digests = new Map<string, string>();

export const DIGEST: Digest = {
  async sha256Hex(text) {
    let digest = digests.get(text);
    if (digest === undefined) {
      digest = hash("sha256", text);
      if (digests.size < REMEMBERED) digests.set(text, digest);
    }
    return digest;
  },
  async sha256Base64(parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest("base64");
  },
  /** Keyed is enough where nobody forges anything, and costs a fraction. */
  hmacHex: async (key, text) => hash("sha256", `${key} ${text}`),
};
