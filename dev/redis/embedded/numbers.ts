// Numbers as Redis reads and writes them: strict 64-bit integers, doubles by strtod, "%.17g".
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER, WOULD_OVERFLOW } from "./answers.ts";

const INT64_MAX = 9223372036854775807n;
export const INT64_MIN = -9223372036854775808n;

const STRICT_INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;
const DECIMAL_FLOAT = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const INFINITE_FLOAT = /^([+-]?)inf(?:inity)?$/i;
/** Integers of so many characters are exact as JavaScript numbers, sums of two included. */
const SAFE_LENGTH = 15;

export function isStrictInteger(text: string): boolean {
  if (!STRICT_INTEGER.test(text)) return false;
  if (text.length < 19) return true;
  const exact = BigInt(text);
  return exact >= INT64_MIN && exact <= INT64_MAX;
}

/** Throws `message` unless the text is an integer; beyond 2^53 the result is the nearest double. */
export function integerOf(text: string, message = NOT_AN_INTEGER): number {
  if (!isStrictInteger(text)) throw new CommandError(message);
  return Number(text);
}

/** The decimal sum of two strict integers. */
export function addIntegers(current: string, increment: string): string {
  if (current.length <= SAFE_LENGTH && increment.length <= SAFE_LENGTH) {
    return String(Number(current) + Number(increment));
  }
  const sum = BigInt(current) + BigInt(increment);
  if (sum > INT64_MAX || sum < INT64_MIN) throw new CommandError(WOULD_OVERFLOW);
  return sum.toString();
}

export function parseDouble(text: string): number | null {
  if (DECIMAL_FLOAT.test(text)) {
    const value = Number(text);
    const isZero = /^[^eE1-9]*(?:[eE]|$)/.test(text);
    // strtod's ERANGE: an overflow, or an underflow to nothing.
    return Number.isFinite(value) && (value !== 0 || isZero) ? value : null;
  }
  const infinite = INFINITE_FLOAT.exec(text);
  if (infinite === null) return null;
  return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

export function doubleOf(text: string, message = NOT_A_FLOAT): number {
  const value = parseDouble(text);
  if (value === null) throw new CommandError(message);
  return value;
}

/** C's printf("%.17g"), with Redis' spelling of the infinities. */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? "-0" : String(value);
  // String() gives the shortest digits that tell it from its neighbours, not its exact ones.
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return BigInt(value).toString();
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const [digits = "", exponentText = "0"] = seventeenDigits(value).split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 17) {
    const magnitude = String(Math.abs(exponent)).padStart(2, "0");
    return `${trimZeros(digits)}e${exponent < 0 ? "-" : "+"}${magnitude}`;
  }
  return trimZeros(shiftPoint(digits, exponent));
}

/** toExponential rounds a tie up, C to even. */
function seventeenDigits(value: number): string {
  if (value.toExponential(17).split("e")[0]?.at(-1) !== "5") return value.toExponential(16);
  const [exact = "", exponent] = value.toExponential(60).split("e");
  const truncated = exact.slice(0, exact.indexOf(".") + 17);
  const isTie = /^50*$/.test(exact.slice(truncated.length));
  const isEven = "02468".includes(truncated.at(-1) ?? "");
  return isTie && isEven ? `${truncated}e${exponent}` : value.toExponential(16);
}

/** `-d.ddd` times a power of ten, written out. */
function shiftPoint(digits: string, exponent: number): string {
  const sign = digits.startsWith("-") ? "-" : "";
  const all = digits.replace(/[-.]/g, "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${all}`;
  return `${sign}${all.slice(0, exponent + 1)}.${all.slice(exponent + 1)}`;
}

export function trimZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

/** C's (long long) of a double: towards zero; what does not fit is the least integer, as on x86-64. */
export function truncateToInt64(value: number): number {
  if (!(value < 2 ** 63 && value >= -(2 ** 63))) return Number(INT64_MIN);
  return Math.trunc(value) + 0;
}
