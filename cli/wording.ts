// Counts, spans of time, sizes and times as people read them.

/** Control characters would move a terminal's cursor, or worse: they are shown as what they are. */
export const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (one) => {
    const code = one.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${grouped(number)} ${number === 1 ? one : many}`;

/** Thousands apart: 1 234 567. */
export const grouped = (number: number): string =>
  String(number).replace(/^\d+/, (digits) => digits.replace(/\B(?=(?:\d{3})+$)/g, " "));

const SPANS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** `12 ms`, `3.4 s`, `5 min`. */
export function span(ms: number | null): string {
  if (ms === null) return "–";
  const [unit, name] = SPANS.find(([length]) => ms >= length) ?? [1, "ms"];
  return `${rounded(ms / unit)} ${name}`;
}

const SIZES = [
  [1_073_741_824, "GiB"],
  [1_048_576, "MiB"],
  [1024, "KiB"],
] as const;

export function size(bytes: number | null): string {
  if (bytes === null) return "–";
  const [unit, name] = SIZES.find(([length]) => bytes >= length) ?? [1, "B"];
  return `${rounded(bytes / unit)} ${name}`;
}

export const percent = (ratio: number | null): string => (ratio === null ? "–" : `${rounded(ratio * 100)} %`);

const rounded = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : String(Number(value.toFixed(1)));

/** `2026-01-02 03:04:05Z`. */
export const moment = (iso: string): string => iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
