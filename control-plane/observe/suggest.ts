// Suggests policies for a site from what edges have observed: pattern by pattern, with the evidence, and beside what there is.

import { PathTree } from "../../shared/core/path-shape.ts";
import { parsePattern } from "../../shared/core/pattern.ts";
import { covers } from "../../shared/core/pattern-covers.ts";
import {
  LEAST_REQUESTS,
  type Suggestion,
  suggestClass,
  type Traffic,
} from "../../shared/core/suggest-class.ts";
import { figureOf, sumOf } from "../../shared/core/traffic-figures.ts";
import type { Observation } from "../../shared/mid-tier/observations.ts";
import { LIMITS } from "../config.ts";
import type { TableRow } from "../policies/table.ts";

export interface Suggested {
  readonly traffic: Traffic;
  readonly suggestion: Suggestion;
  /** The row of the table that governs all that the pattern matches; null where none does. */
  readonly covered: { readonly id: string; readonly class: string } | null;
}

export interface Suggestions {
  readonly suggested: readonly Suggested[];
  /** What was seen too seldom to say anything of. */
  readonly tooLittle: readonly { readonly pattern: string; readonly requests: number }[];
  /** For how long the site has been observed, in milliseconds. */
  readonly age: number;
}

/** `rows`: the site's own, in the order in which they apply. Asked for most first. */
export function suggest(observations: readonly Observation[], rows: readonly TableRow[]): Suggestions {
  const merged = mergeSiblings(observations);
  const all = merged.reduce((sum, { figures }) => sum + figureOf(figures, "requests"), 0);
  const traffics = merged.map(({ pattern, figures, perSecond }): Traffic => {
    const requests = figureOf(figures, "requests");
    return {
      pattern,
      figures,
      requestsPerSecond: requests * perSecond,
      share: all === 0 ? 0 : requests / all,
    };
  });
  const judged = traffics.map((traffic) => ({ traffic, suggestion: suggestClass(traffic) }));
  const suggested: Suggested[] = [];
  const tooLittle: { pattern: string; requests: number }[] = [];
  for (const { traffic, suggestion } of judged) {
    const requests = Math.round(figureOf(traffic.figures, "requests"));
    if (suggestion !== "too little")
      suggested.push({ traffic, suggestion, covered: governing(traffic.pattern, rows) });
    else if (requests > 0) tooLittle.push({ pattern: traffic.pattern, requests });
  }
  suggested.sort((a, b) => b.traffic.share - a.traffic.share);
  tooLittle.sort((a, b) => b.requests - a.requests);
  return { suggested, tooLittle, age: Math.max(0, ...observations.map(({ age }) => age)) };
}

export const NEEDED = LEAST_REQUESTS;

/** Edges see different paths, and what one takes for names another takes for one wildcard: seen together, all agree. */
function mergeSiblings(observations: readonly Observation[]): Observation[] {
  const tree = new PathTree({ children: LIMITS.observedChildren, nodes: LIMITS.observedPatterns * 8 });
  for (const { pattern } of observations) tree.shape(pattern);
  const merged = new Map<string, Observation>();
  for (const one of observations) {
    // The second time: the whole tree is known by now.
    const { pattern } = tree.shape(one.pattern);
    const before = merged.get(pattern);
    merged.set(pattern, before === undefined ? { ...one, pattern } : together(before, one));
  }
  return [...merged.values()];
}

function together(a: Observation, b: Observation): Observation {
  const older = a.age >= b.age ? a : b;
  return { ...a, figures: sumOf(a.figures, b.figures), age: older.age, perSecond: older.perSecond };
}

function governing(text: string, rows: readonly TableRow[]): Suggested["covered"] {
  const read = parsePattern(text);
  if (read.kind === "invalid") return null;
  const row = rows.find(({ policy }) => covers(policy.pattern, read.pattern));
  return row === undefined ? null : { id: row.id, class: row.policy.class };
}
