// A chart as data: what the server draws as SVG and the browser draws anew as it changes.

/** How values are told. */
export type Unit = "ratio" | "count" | "perSecond" | "ms" | "bytes";

export interface Line {
  readonly name: string;
  /** Which of the colours of the look, 0 first. */
  readonly tone: number;
  /** By point; null where there is nothing to tell. */
  readonly values: readonly (number | null)[];
  /** Filled down to nought. */
  readonly filled?: boolean;
}

/** Something that happened, as a vertical line. */
export interface Mark {
  /** Seconds since 1970. */
  readonly at: number;
  readonly kind: string;
  readonly text: string;
  readonly link: string | null;
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Of each point, in seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly step: number;
  readonly lines: readonly Line[];
  readonly marks: readonly Mark[];
  /** From and to, in seconds since 1970: nobody reported then, which is not the same as that nothing happened. */
  readonly gaps: readonly (readonly [number, number])[];
  /** Where the axis ends at least. */
  readonly least: number;
}

/** The first number of the shape 1, 2, 5 × 10ⁿ that no value exceeds; a ratio's axis ends at 1. */
export function topOf({ unit, lines, least }: Chart): number {
  if (unit === "ratio") return 1;
  const most = Math.max(least, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1e-9)));
  const factor = [1, 2, 5, 10].find((one) => one * power >= most) ?? 10;
  return factor * power;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function formatValue(unit: Unit, value: number | null): string {
  if (value === null) return "–";
  switch (unit) {
    case "ratio":
      return `${Number((value * 100).toFixed(1))} %`;
    case "ms":
      return value >= 1000 ? `${compact.format(value / 1000)} s` : `${compact.format(value)} ms`;
    case "bytes":
      return value >= 1024 ** 2
        ? `${compact.format(value / 1024 ** 2)} MiB`
        : `${compact.format(value / 1024)} KiB`;
    case "perSecond":
      return `${compact.format(value)}/s`;
    case "count":
      return compact.format(value);
  }
}

/** `12:04`, UTC; with seconds where points lie less than a minute apart. */
export function formatTime(seconds: number, step: number): string {
  return new Date(seconds * 1000).toISOString().slice(11, step < 60 ? 19 : 16);
}
export const hasValues = ({ lines }: Chart): boolean =>
  lines.some(({ values }) => values.some((value) => value !== null));
