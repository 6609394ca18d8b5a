// An alert in words: its summary with the values filled in.

import type { Alert } from "./alert.ts";
import type { Rule } from "./rule.ts";
import type { Unit } from "./shown-alert.ts";

export function summaryOf(rule: Rule, { labels, value, threshold, said }: Alert): string {
  const words: Readonly<Record<string, string>> = {
    ...labels,
    // Releases before kept no such words.
    said: said ?? "was away",
    value: value === null ? "nothing" : withUnit(value, rule.unit),
    threshold: withUnit(threshold, rule.unit),
  };
  return rule.summary.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
}

export function withUnit(value: number, unit: Unit): string {
  switch (unit) {
    case "ratio":
      return `${rounded(100 * value)} %`;
    case "seconds":
      return `${rounded(value)} s`;
    case "per-minute":
      return `${rounded(value)} a minute`;
    case "count":
      return rounded(value);
  }
}

const rounded = (value: number): string => String(Number(value.toFixed(value < 10 ? 1 : 0)));

/** A path of the repository where the base is one; else a URL. */
export const runbookOf = (rule: string, base: string): string => `${base.replace(/\/*$/, "")}/${rule}.md`;
