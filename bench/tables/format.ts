// How figures are written in the documentation's tables, and where they come from.

import type { Verdict } from "../claim.ts";
import { described } from "../machine.ts";
import type { Result } from "../result.ts";

/** One column's heading, and what stands in it for a row. */
export type Row = readonly (string | number | null)[];

export const table = (headings: Row, rows: readonly Row[]): string =>
  [headings, headings.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map(cell).join(" | ")} |`)
    .join("\n");

const cell = (text: string | number | null): string =>
  text === null ? "" : (typeof text === "number" ? count(text) : text).replaceAll("|", "\\|");

/** A table, and behind it the command that gives it again and what it was taken on. */
export const sourced = (result: Result, text: string): string => `${text}\n\n${source(result)}`;

/** The same, with what was claimed and whether it was met: of a claim that was missed nobody should have to ask. */
export const claimed = (result: Result, text: string, verdicts: readonly Verdict[]): string =>
  sourced(result, `${text}\n\n${verdicts.map(claimLine).join("\n")}`);

function claimLine({ claim, met, above = [] }: Verdict): string {
  const why = above.length === 0 ? "" : ` (${above.join("; ")})`;
  return `- ${met ? "met" : "**missed**"}: ${claim}${why}`;
}

export function source({ command, machine, rounds, at }: Result): string {
  const medians = rounds > 1 ? `, ${rounds} rounds` : "";
  return `\`${command}\`${medians}; ${described(machine)}, load ${machine.loadAtStart} as it began; ${at.slice(0, 10)}.`;
}

/** Thousands apart, by a space that doesn't break. */
export const count = (value: number): string =>
  String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u00a0");

export const fixed = (value: number | null, digits: number): string =>
  value === null || Number.isNaN(value) ? "–" : value.toFixed(digits);

export const ratio = (value: number | null): string => fixed(value, 2);

/** Whole from ten on: more digits than that are noise. */
export const milliseconds = (value: number | null): string =>
  value === null || Number.isNaN(value) ? "–" : `${value.toFixed(value < 10 ? 1 : 0)} ms`;

export const microseconds = (value: number | null): string =>
  value === null || Number.isNaN(value) ? "–" : `${value.toFixed(value < 10 ? 2 : 1)} µs`;

/** `.725` */
export const share = (value: number): string => value.toFixed(3).replace(/^0/, "");
