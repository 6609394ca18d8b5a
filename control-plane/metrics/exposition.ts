// The text that Prometheus reads: families of samples, each with its kind, its help and its labels.

import { upperBoundOf } from "../../shared/wire/latency.ts";
import type { Sums } from "./counts.ts";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A histogram that was counted by `bucketOf`, in seconds; bounds are powers of two milliseconds, at which buckets end. */
export interface HistogramFamily {
  readonly name: string;
  readonly kind: "histogram";
  readonly help: string;
  readonly series: readonly {
    readonly labels: Labels;
    readonly buckets: ReadonlyMap<number, number>;
    readonly sumMs: number;
  }[];
}

export function writeExposition(families: readonly (Family | HistogramFamily)[]): string {
  const lines: string[] = [];
  for (const family of families) {
    const written = family.kind === "histogram" ? histogramLines(family) : sampleLines(family);
    if (written.length === 0) continue;
    lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.kind}`, ...written);
  }
  return `${lines.join("\n")}\n`;
}

const sampleLines = ({ name, samples }: Family): string[] =>
  samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);

/** 1 ms to 65.5 s: what takes longer is in the last, open one. */
const BOUNDS = Array.from({ length: 17 }, (_, octave) => 2 ** octave);

function histogramLines({ name, series }: HistogramFamily): string[] {
  return series.flatMap(({ labels, buckets, sumMs }) => {
    const counted = [...buckets].map(([bucket, count]) => [upperBoundOf(bucket), count] as const);
    const all = counted.reduce((sum, [, count]) => sum + count, 0);
    const upTo = (bound: number): number =>
      counted.reduce((sum, [upper, count]) => (upper <= bound ? sum + count : sum), 0);
    const lines = BOUNDS.map(
      (bound) => `${name}_bucket${labelText({ ...labels, le: String(bound / 1000) })} ${upTo(bound)}`,
    );
    return [
      ...lines,
      `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${all}`,
      `${name}_sum${labelText(labels)} ${sumMs / 1000}`,
      `${name}_count${labelText(labels)} ${all}`,
    ];
  });
}

function labelText(labels: Labels): string {
  const written = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return written.length === 0 ? "" : `{${written.join(",")}}`;
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** What is counted as `kind|…`: its parts named, those that are named `null` fixed by their value and left out. */
export interface Counted {
  readonly name: string;
  readonly help: string;
  readonly kind: string;
  /** One a part behind the kind. A text that begins with `=` is what the part has to be, and no label. */
  readonly parts: readonly string[];
  /** Of what is counted in milliseconds. */
  readonly per?: number;
}

export function counterFamily(sums: Sums, { name, help, kind, parts, per = 1 }: Counted): Family {
  const samples: Sample[] = [];
  for (const [field, count] of sums) {
    const labels = labelsOf(field, kind, parts);
    if (labels !== null) samples.push({ labels, value: count / per });
  }
  return { name, kind: "counter", help, samples };
}

export function histogramFamily(
  sums: Sums,
  { name, help, kind, parts, sum }: Counted & { readonly sum: string },
): HistogramFamily {
  const found = new Map<string, { labels: Labels; buckets: Map<number, number>; sumMs: number }>();
  for (const [field, count] of sums) {
    const labels = labelsOf(field, kind, [...parts, "bucket"]);
    if (labels === null) continue;
    const { bucket = "", ...others } = labels;
    const of = field.slice(kind.length, field.lastIndexOf("|"));
    const series = found.get(of) ?? { labels: others, buckets: new Map(), sumMs: sums.get(sum + of) ?? 0 };
    series.buckets.set(Number(bucket), count);
    found.set(of, series);
  }
  return { name, kind: "histogram", help, series: [...found.values()] };
}

/** Null where the field is of another kind, or of other parts. */
function labelsOf(field: string, kind: string, parts: readonly string[]): Labels | null {
  const [first, ...rest] = field.split("|");
  if (first !== kind || rest.length !== parts.length) return null;
  const labels: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = rest[index] ?? "";
    if (!part.startsWith("=")) labels[part] = value;
    else if (value !== part.slice(1)) return null;
  }
  return labels;
}
