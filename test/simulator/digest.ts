// Digests of the simulated hosts: the real ones, worked out once a process, since no seed changes them.

import { createHash, createHmac } from "node:crypto";
import type { Digest } from "../../shared/ports/identity.ts";

const REMEMBERED = 10_000;
const digests = new Map<string, string>();

export const DIGEST: Digest = {
  async sha256Hex(text) {
    let digest = digests.get(text);
    if (digest === undefined) {
      digest = createHash("sha256").update(text).digest("hex");
      if (digests.size < REMEMBERED) digests.set(text, digest);
    }
    return digest;
  },
  async sha256Base64(parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest("base64");
  },
  hmacHex: async (key, text) => createHmac("sha256", key).update(text).digest("hex"),
};
