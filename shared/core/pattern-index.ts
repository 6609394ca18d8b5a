// Which of many patterns is the first that matches, found by the segments of a path rather than by trying one after another.

import { matchesPattern, type PathPattern, type Token } from "./pattern.ts";

/** Values by pattern, in an order that decides between those that match the same. */
export interface PatternIndex<T> {
  /** Patterns that name one host and no other. */
  readonly hosts: ReadonlyMap<string, Place<T>>;
  readonly others: Place<T>;
}

/** Patterns with the same beginning, as far as it consists of whole segments. */
interface Place<T> {
  readonly below: Map<string, Place<T>>;
  /** Behind a segment that a name stands for. */
  named: Place<T> | null;
  /** What goes on with a segment that only looking at it decides; in order. */
  readonly open: Ranked<T>[];
  /** What ends here; in order. */
  readonly ended: Ranked<T>[];
}

export interface Ranked<T> {
  readonly rank: number;
  readonly pattern: PathPattern;
  /** What every path that it matches ends with: looked at first, as far as it is cheaper than to match. */
  readonly ending: string;
  readonly value: T;
}

/** The first of those that match, in the order in which they are given, is the one that `firstMatch` finds. */
export function indexPatterns<T>(inOrder: Iterable<Pick<Ranked<T>, "pattern" | "value">>): PatternIndex<T> {
  const hosts = new Map<string, Place<T>>();
  const others = nowhere<T>();
  let rank = 0;
  for (const { pattern, value } of inOrder) {
    const host = pattern.host === null ? null : literal(pattern.host);
    const root = host === null ? others : (hosts.get(host) ?? nowhere<T>());
    if (host !== null) hosts.set(host, root);
    const { place, ended } = placeFor(root, pattern.path);
    place[ended ? "ended" : "open"].push({ rank, pattern, ending: endingOf(pattern), value });
    rank += 1;
  }
  return { hosts, others };
}

export function firstMatch<T>(
  index: PatternIndex<T>,
  { host, path }: { readonly host: string; readonly path: string },
): T | undefined {
  let first: Ranked<T> | undefined;
  for (const list of candidatesFor(index, host, path)) first = firstOf(list, { host, path, before: first });
  return first?.value;
}

/**
 * Lists, each in order, of patterns that may match: no other does. How many lists depends on the path's segments and on
 * how many of them patterns name, not on how many patterns there are.
 */
export function candidatesFor<T>(
  { hosts, others }: PatternIndex<T>,
  host: string,
  path: string,
): (readonly Ranked<T>[])[] {
  const own = hosts.get(host);
  const lists: (readonly Ranked<T>[])[] = [];
  let places = own === undefined ? [others] : [own, others];
  // The slash that every path begins with is before its first segment.
  for (let from = 1; places.length > 0; ) {
    for (const { open } of places) if (open.length > 0) lists.push(open);
    if (from > path.length) {
      for (const { ended } of places) if (ended.length > 0) lists.push(ended);
      break;
    }
    const slash = path.indexOf("/", from);
    const end = slash < 0 ? path.length : slash;
    places = behind(places, path.slice(from, end));
    from = end + 1;
  }
  return lists;
}

function behind<T>(places: readonly Place<T>[], segment: string): Place<T>[] {
  const next: Place<T>[] = [];
  for (const { below, named } of places) {
    const there = below.get(segment);
    if (there !== undefined) next.push(there);
    if (named !== null && segment !== "") next.push(named);
  }
  return next;
}

function firstOf<T>(
  list: readonly Ranked<T>[],
  { host, path, before }: { host: string; path: string; before: Ranked<T> | undefined },
): Ranked<T> | undefined {
  for (const one of list) {
    if (before !== undefined && one.rank > before.rank) break;
    if (path.endsWith(one.ending) && matchesPattern(one.pattern, host, path)) return one;
  }
  return before;
}

const nowhere = <T>(): Place<T> => ({ below: new Map(), named: null, open: [], ended: [] });

/** The text that alone the tokens match, or null where it is not one text. */
function literal(tokens: readonly Token[]): string | null {
  const [only] = tokens;
  if (only === undefined) return "";
  return tokens.length === 1 && only.kind === "text" ? only.text : null;
}

function endingOf({ path }: PathPattern): string {
  const last = path.at(-1);
  return last?.kind === "text" ? last.text : "";
}

function placeFor<T>(root: Place<T>, path: readonly Token[]): { place: Place<T>; ended: boolean } {
  let place = root;
  for (const segment of segmentsOf(path)) {
    const text = literal(segment);
    const isName = segment.length === 1 && segment[0]?.kind === "name";
    if (text === null && !isName) return { place, ended: false };
    if (text === null) {
      place.named ??= nowhere<T>();
      place = place.named;
    } else {
      const there = place.below.get(text) ?? nowhere<T>();
      place.below.set(text, there);
      place = there;
    }
  }
  return { place, ended: true };
}

/** The tokens between slashes, without what is before the first. */
function segmentsOf(path: readonly Token[]): Token[][] {
  const segments: Token[][] = [[]];
  for (const token of path) {
    const [first = "", ...more] = token.kind === "text" ? token.text.split("/") : [""];
    if (token.kind !== "text") segments.at(-1)?.push(token);
    else if (first !== "") segments.at(-1)?.push({ kind: "text", text: first });
    for (const text of more) segments.push(text === "" ? [] : [{ kind: "text", text }]);
  }
  return segments.slice(1);
}
