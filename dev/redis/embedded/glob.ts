// Redis' glob patterns (`*`, `?`, `[a-z]`, `[^x]`, `\`) over binary strings, without regular expressions.

export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      starAt = p++;
      starText = t;
      continue;
    }
    const next = p < pattern.length ? matchOne(pattern, p, text.charCodeAt(t)) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** Where the pattern goes on if its element at `p` takes the character, else -1. */
function matchOne(pattern: string, p: number, character: number): number {
  if (pattern[p] === "?") return p + 1;
  if (pattern[p] === "[") return matchClass(pattern, p + 1, character);
  const escaped = pattern[p] === "\\" && p + 1 < pattern.length ? p + 1 : p;
  return pattern.charCodeAt(escaped) === character ? escaped + 1 : -1;
}

function matchClass(pattern: string, start: number, character: number): number {
  const negated = pattern[start] === "^";
  let p = negated ? start + 1 : start;
  let found = false;
  while (p < pattern.length && pattern[p] !== "]") {
    if (pattern[p] === "\\" && p + 1 < pattern.length) {
      p++;
      found ||= pattern.charCodeAt(p) === character;
    } else if (pattern[p + 1] === "-" && p + 2 < pattern.length) {
      const [low, high] = ordered(signed(pattern.charCodeAt(p)), signed(pattern.charCodeAt(p + 2)));
      found ||= signed(character) >= low && signed(character) <= high;
      p += 2;
    } else {
      found ||= pattern.charCodeAt(p) === character;
    }
    p++;
  }
  // An unclosed class ends with the pattern, as in Redis.
  return found !== negated ? Math.min(p + 1, pattern.length) : -1;
}

function ordered(a: number, b: number): [number, number] {
  return a <= b ? [a, b] : [b, a];
}

/** Redis compares C's `char`, which is signed on x86. */
function signed(byte: number): number {
  return byte < 128 ? byte : byte - 256;
}
