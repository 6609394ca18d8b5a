// Whether one pattern matches every URL that another does: then a policy that stands behind it never applies.

import type { PathPattern, Token } from "./pattern.ts";

/** Never true where it does not; false, too, where both are too long to tell. */
export const covers = (outer: PathPattern, inner: PathPattern): boolean =>
  (outer.host === null || (inner.host !== null && tokensCover(outer.host, inner.host, "."))) &&
  tokensCover(outer.path, inner.path, "/");

/** Pairs of a place in the one and the set of places in the other: more are not looked at. */
const MOST_PAIRS = 20_000;

/** Any character that neither pattern names, and that no name stops at. */
const OTHER = "\u0000";

/** One character, or a wildcard that repeats: `name` stops at the boundary, and takes one character at least. */
interface Step {
  readonly takes: (char: string) => boolean;
  readonly repeats: boolean;
}

/**
 * Walks through all texts that the inner pattern matches, by one character of each kind that makes a difference, and
 * keeps the set of places in the outer one that each may have reached (the subset construction).
 */
function tokensCover(outer: readonly Token[], inner: readonly Token[], boundary: string): boolean {
  const [wide, narrow] = [stepsOf(outer, boundary), stepsOf(inner, boundary)];
  const alphabet = [...new Set([boundary, OTHER, ...lettersOf(outer), ...lettersOf(inner)])];
  const seen = new Set<string>();
  const open: [number, ReadonlySet<number>][] = [];
  const visit = (at: number, reached: ReadonlySet<number>): void => {
    const name = `${at}:${[...reached].sort((a, b) => a - b).join()}`;
    if (seen.has(name)) return;
    seen.add(name);
    open.push([at, reached]);
  };
  const start = closed(wide, [0]);
  for (const at of closed(narrow, [0])) visit(at, start);
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    if (seen.size > MOST_PAIRS) return false;
    const [at, reached] = pair;
    if (at === narrow.length && !reached.has(wide.length)) return false;
    for (const char of alphabet) {
      const next = after(narrow, [at], char);
      if (next.size === 0) continue;
      const beside = after(wide, reached, char);
      for (const one of next) visit(one, beside);
    }
  }
  return true;
}

/** The places that a character leads to from any of these. */
function after(steps: readonly Step[], from: Iterable<number>, char: string): ReadonlySet<number> {
  const to: number[] = [];
  for (const at of from) {
    const step = steps[at];
    if (step?.takes(char) === true) to.push(step.repeats ? at : at + 1);
  }
  return closed(steps, to);
}

/** With those that are reached without a character: what repeats may be left. */
function closed(steps: readonly Step[], from: Iterable<number>): ReadonlySet<number> {
  const all = new Set(from);
  for (const at of all) if (steps[at]?.repeats === true) all.add(at + 1);
  return all;
}

const lettersOf = (tokens: readonly Token[]): string[] =>
  tokens.flatMap((token) => (token.kind === "text" ? [...token.text] : []));

function stepsOf(tokens: readonly Token[], boundary: string): Step[] {
  return tokens.flatMap((token): Step[] => {
    if (token.kind === "text")
      return [...token.text].map((letter) => ({ takes: (char) => char === letter, repeats: false }));
    if (token.kind === "any") return [{ takes: () => true, repeats: true }];
    const takes = (char: string): boolean => char !== boundary;
    return [
      { takes, repeats: false },
      { takes, repeats: true },
    ];
  });
}
