// A quick hash of keys, for chains and ghosts within one process; whoever makes keys must not know the seed.

const MULTIPLIER = 0x9e3779b1;

// Not as a method of the text: V8 no longer inlines that, and takes six times as long, once any class extends `String`.
const { charCodeAt } = String.prototype;

/**
 * 30 bits, which every V8 keeps without an object of their own. Two UTF-16 units a step, each in a place of its own: of
 * Latin-1 none reaches the top bits, so that no later unit can cancel what an earlier one changed there.
 */
export function hashOf(text: string, seed: number): number {
  let hash = seed | 0;
  const even = text.length & ~1;
  for (let at = 0; at < even; at += 2)
    hash = step(hash ^ charCodeAt.call(text, at) ^ (charCodeAt.call(text, at + 1) << 16));
  if (even < text.length) hash = step(hash ^ charCodeAt.call(text, even));
  return step(step(hash)) >>> 2;
}

function step(hash: number): number {
  const product = Math.imul(hash, MULTIPLIER);
  return product ^ (product >>> 15);
}

/** Every hash is below this. */
export const HASHES = 2 ** 30;
