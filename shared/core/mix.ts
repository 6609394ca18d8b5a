// A cheap 32-bit integer mix of texts, for sampling, jitter and rendezvous; never for identity.

/** FNV-1a over the UTF-16 units, finished with murmur3's avalanche; in [0, 2^32). */
export const mix = (text: string, seed = 0): number => mixSigned(text, seed) >>> 0;

/** The same 32 bits as a signed integer, which engines keep in a register. */
export function mixSigned(text: string, seed = 0): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The same as a fraction in [0, 1). */
export const mixUnit = (text: string, seed = 0): number => mix(text, seed) / 0x1_0000_0000;
