// INCRBYFLOAT's arithmetic: x87 long doubles (64-bit mantissa), printed as "%.17Lf" without trailing zeros.
import { trimZeros } from "./numbers.ts";

/** mantissa · 2^exponent, the mantissa of at most 64 bits. */
type LongDouble = { readonly mantissa: bigint; readonly exponent: number };

const DECIMAL = /^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/;
const MANTISSA_BITS = 64;
/** Beyond it a long double overflows or underflows; Redis answers "not a valid float". */
const LARGEST_DECIMAL_EXPONENT = 4900;

/** `null` where either text is not a finite number. */
export function addLongDoubles(a: string, b: string): string | null {
  const left = parse(a);
  const right = parse(b);
  return left === null || right === null ? null : print(add(left, right));
}

export function isLongDouble(text: string): boolean {
  return parse(text) !== null;
}

function parse(text: string): LongDouble | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign, whole = "", fraction = "", exponentText = "0"] = match;
  if (whole.length + fraction.length === 0) return null;
  const exponent = Number(exponentText) - fraction.length;
  if (Math.abs(exponent) > LARGEST_DECIMAL_EXPONENT) return null;
  const digits = BigInt(whole + fraction);
  const power = 10n ** BigInt(Math.abs(exponent));
  const magnitude = exponent >= 0 ? quotient(digits * power, 1n) : quotient(digits, power);
  return sign === "-" ? { mantissa: -magnitude.mantissa, exponent: magnitude.exponent } : magnitude;
}

/** numerator/denominator (not negative), rounded half to even to 64 bits. */
function quotient(numerator: bigint, denominator: bigint): LongDouble {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 };
  let exponent = bitLength(numerator) - bitLength(denominator) - MANTISSA_BITS;
  if (scaled(numerator, denominator, exponent).whole >> BigInt(MANTISSA_BITS) > 0n) exponent += 1;
  const { whole, rest, divisor } = scaled(numerator, denominator, exponent);
  const up = rest * 2n > divisor || (rest * 2n === divisor && (whole & 1n) === 1n);
  return { mantissa: up ? whole + 1n : whole, exponent };
}

function scaled(numerator: bigint, denominator: bigint, exponent: number) {
  const shift = BigInt(Math.abs(exponent));
  const dividend = exponent < 0 ? numerator << shift : numerator;
  const divisor = exponent < 0 ? denominator : denominator << shift;
  return { whole: dividend / divisor, rest: dividend % divisor, divisor };
}

function add(a: LongDouble, b: LongDouble): LongDouble {
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  const size = sum < 0n ? -sum : sum;
  const rounded =
    exponent < 0 ? quotient(size, 1n << BigInt(-exponent)) : quotient(size << BigInt(exponent), 1n);
  return sum < 0n ? { mantissa: -rounded.mantissa, exponent: rounded.exponent } : rounded;
}

function print(value: LongDouble): string {
  const size = (value.mantissa < 0n ? -value.mantissa : value.mantissa) * 10n ** 17n;
  const shift = BigInt(Math.abs(value.exponent));
  const digits = (value.exponent >= 0 ? size << shift : shiftHalfToEven(size, shift))
    .toString()
    .padStart(18, "0");
  const text = trimZeros(`${digits.slice(0, -17)}.${digits.slice(-17)}`);
  return value.mantissa < 0n && text !== "0" ? `-${text}` : text;
}

function shiftHalfToEven(value: bigint, shift: bigint): bigint {
  if (shift === 0n) return value;
  const whole = value >> shift;
  const rest = value - (whole << shift);
  const half = 1n << (shift - 1n);
  return rest > half || (rest === half && (whole & 1n) === 1n) ? whole + 1n : whole;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
