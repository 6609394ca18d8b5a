// How many different keys there were, by HyperLogLog: a fixed number of small registers, merged by taking the greater ones.

import { mixSigned } from "./mix.ts";

/** 2^10: the estimate's standard error is 1.04 / √registers. */
const INDEX_BITS = 10;
export const REGISTERS = 2 ** INDEX_BITS;
export const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);
/** Of registers as text: one printable character each, nought being the first. */
const NOUGHT = 65;

export type Registers = Uint8Array<ArrayBuffer>;

export const noRegisters = (): Registers => new Uint8Array(REGISTERS);

/** The same key touches the same register by the same rank, wherever it is seen. */
export function touch(registers: Registers, key: string): void {
  const hash = mixSigned(key);
  const index = hash >>> (32 - INDEX_BITS);
  // The bits behind the index, with one set behind the last: the rank ends there.
  const rest = (hash << INDEX_BITS) | (1 << (INDEX_BITS - 1));
  const rank = Math.clz32(rest) + 1;
  if (rank > (registers[index] ?? 0)) registers[index] = rank;
}

export function mergeInto(registers: Registers, others: Registers): void {
  for (let index = 0; index < REGISTERS; index++)
    registers[index] = Math.max(registers[index] ?? 0, others[index] ?? 0);
}

/** Flajolet et al.; few keys are counted by the registers that none has touched. */
export function estimateDistinct(registers: Registers): number {
  const alpha = 0.7213 / (1 + 1.079 / REGISTERS);
  let [sum, untouched] = [0, 0];
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) untouched += 1;
  }
  const estimate = (alpha * REGISTERS * REGISTERS) / sum;
  const few = estimate <= 2.5 * REGISTERS && untouched > 0;
  return Math.round(few ? REGISTERS * Math.log(REGISTERS / untouched) : estimate);
}

export const writeRegisters = (registers: Registers): string =>
  String.fromCharCode(...Array.from(registers, (rank) => NOUGHT + rank));

/** Null where they are none. */
export function readRegisters(text: string): Registers | null {
  if (text.length !== REGISTERS) return null;
  const registers = noRegisters();
  for (let index = 0; index < REGISTERS; index++) registers[index] = text.charCodeAt(index) - NOUGHT;
  return registers;
}
