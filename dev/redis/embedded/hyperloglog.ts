// Redis' HyperLogLog: the same hash, registers and estimator, so that it gives the same counts.

const REGISTER_BITS = 14;
const REGISTERS = 1 << REGISTER_BITS;
const HASH_BITS_LEFT = 64 - REGISTER_BITS;
const ALPHA_INFINITE = 0.7213475204444817;
const SEED = 0xadc83b19n;
const MULTIPLIER = 0xc6a4a7935bd1e995n;
const MASK = 0xffffffffffffffffn;

export function emptyRegisters(): Uint8Array {
  return new Uint8Array(REGISTERS);
}

/** True if a register rose. */
export function addElement(registers: Uint8Array, element: string): boolean {
  const hash = murmur64(Buffer.from(element, "latin1"));
  const index = Number(hash & BigInt(REGISTERS - 1));
  let rest = (hash >> BigInt(REGISTER_BITS)) | (1n << BigInt(HASH_BITS_LEFT));
  let run = 1;
  while ((rest & 1n) === 0n) {
    run++;
    rest >>= 1n;
  }
  if ((registers[index] ?? 0) >= run) return false;
  registers[index] = run;
  return true;
}

export function mergeInto(target: Uint8Array, source: Uint8Array): void {
  for (let i = 0; i < REGISTERS; i++) {
    target[i] = Math.max(target[i] ?? 0, source[i] ?? 0);
  }
}

export function estimate(registers: Uint8Array): number {
  const histogram = new Array<number>(HASH_BITS_LEFT + 2).fill(0);
  for (const register of registers) histogram[register] = (histogram[register] ?? 0) + 1;
  const share = (register: number) => (histogram[register] ?? 0) / REGISTERS;
  let z = REGISTERS * tau(1 - share(HASH_BITS_LEFT + 1));
  for (let j = HASH_BITS_LEFT; j >= 1; j--) {
    z = (z + (histogram[j] ?? 0)) * 0.5;
  }
  z += REGISTERS * sigma(share(0));
  return Math.round((ALPHA_INFINITE * REGISTERS * REGISTERS) / z);
}

function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z, before] = [start, 1, start, Number.NaN];
  while (before !== z) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let [x, y, z, before] = [start, 1, 1 - start, Number.NaN];
  while (before !== z) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

/** MurmurHash64A, little endian. */
function murmur64(bytes: Buffer): bigint {
  let hash = (SEED ^ (BigInt(bytes.length) * MULTIPLIER)) & MASK;
  const whole = bytes.length - (bytes.length % 8);
  for (let i = 0; i < whole; i += 8) {
    let word = (bytes.readBigUInt64LE(i) * MULTIPLIER) & MASK;
    word = ((word ^ (word >> 47n)) * MULTIPLIER) & MASK;
    hash = ((hash ^ word) * MULTIPLIER) & MASK;
  }
  if (whole < bytes.length) {
    for (let i = bytes.length - 1; i >= whole; i--) hash ^= BigInt(bytes[i] ?? 0) << BigInt(8 * (i - whole));
    hash = (hash * MULTIPLIER) & MASK;
  }
  hash = ((hash ^ (hash >> 47n)) * MULTIPLIER) & MASK;
  return hash ^ (hash >> 47n);
}
