// Key patterns of the metadata table: URLPattern's syntax without regexp groups, matched in linear time.

import { hasDotSegment, readAs } from "./spelling.ts";
import { NAMESPACE, VALUE_SCHEME, valueHost } from "./value-key.ts";

/**
 * `*` matches anything, `/` included; `:name` matches one non-empty path segment or part of one;
 * everything else matches itself. `host` null matches every host.
 */
export interface PathPattern {
  readonly text: string;
  readonly host: readonly Token[] | null;
  readonly path: readonly Token[];
}

export type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "name" };

export type PatternOutcome =
  | { readonly kind: "pattern"; readonly pattern: PathPattern }
  | { readonly kind: "invalid"; readonly message: string };

/** Longer than any path that policies are written for; a row that every edge compiles must stay small. */
export const MAX_PATTERN_LENGTH = 1024;
/** Each wildcard multiplies the worst case of matching; eight are more than any real table needs. */
export const MAX_WILDCARDS = 8;

/** Parses `/path/*`, `//host/path`, `https://host/path` or `*.host/path`; of programs' values `tidegate://namespace/key`. */
export function parsePattern(text: string): PatternOutcome {
  const problem = problemOf(text);
  if (problem !== null) return { kind: "invalid", message: problem };
  if (text.startsWith(VALUE_SCHEME)) return parseValuePattern(text);
  const { host, path } = placeIn(text);
  const misplaced = placeProblem(host, path);
  if (misplaced !== null) return { kind: "invalid", message: misplaced };
  return {
    kind: "pattern",
    pattern: {
      text,
      host: host === null || host === "*" ? null : tokens(hostInUrl(host)),
      path: tokens(path).map(asRead),
    },
  };
}

function placeIn(text: string): { readonly host: string | null; readonly path: string } {
  const rest = text.replace(/^(?:https?:)?\/\//i, "");
  if (rest === text && text.startsWith("/")) return { host: null, path: text };
  const slash = rest.indexOf("/");
  return slash < 0 ? { host: rest, path: "/*" } : { host: rest.slice(0, slash), path: rest.slice(slash) };
}

/** What no URL's host or path is, so that nothing would ever match. */
function placeProblem(host: string | null, path: string): string | null {
  if (host === "") return "must name a host behind the two slashes";
  if (host !== null && /[^ -~]/.test(host)) return "must name a host beyond ASCII by its xn-- form";
  return hasDotSegment(path) ? "must not hold the segments '.' or '..', which URLs never have" : null;
}

/** Patterns are of both schemes, and either's default port is none. */
const hostInUrl = (host: string): string => host.toLowerCase().replace(/:(?:80|443)$/, "");

/** One namespace, by its name: whose values a change takes names from has to be told by it. */
function parseValuePattern(text: string): PatternOutcome {
  const rest = text.slice(VALUE_SCHEME.length);
  const slash = rest.indexOf("/");
  const namespace = slash < 0 ? rest : rest.slice(0, slash);
  if (!NAMESPACE.test(namespace))
    return { kind: "invalid", message: "must name one namespace: tidegate://<namespace>/<pattern of keys>" };
  const path = tokens(slash < 0 ? "/*" : rest.slice(slash));
  return { kind: "pattern", pattern: { text, host: [{ kind: "text", text: valueHost(namespace) }], path } };
}

/** Whether it names that namespace: patterns without a host are of pages, and what catches all of them says nothing of values. */
export function concernsNamespace({ host }: PathPattern, namespace: string): boolean {
  const [token, ...more] = host ?? [];
  return more.length === 0 && token?.kind === "text" && token.text === valueHost(namespace);
}

function problemOf(text: string): string | null {
  if (text === "") return "must not be empty";
  if (!text.isWellFormed()) return "must be well-formed Unicode";
  const schemed = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && !text.startsWith(VALUE_SCHEME);
  if (schemed && !/^https?:/i.test(text)) return "must be of http or https";
  if (text.length > MAX_PATTERN_LENGTH) return `must not be longer than ${MAX_PATTERN_LENGTH} characters`;
  if (/[(){}[\]\\^$|+]/.test(text))
    return "must not use groups, modifiers or regular expressions; use * and :name";
  if (/[?#]/.test(text)) return "must not name a query or fragment; choose query parts in `key`";
  if (/[\s"'<>`]/.test(text)) return "must not hold spaces, quotes or angle brackets";
  if ((text.match(/\*|:[a-z_]/gi)?.length ?? 0) > MAX_WILDCARDS)
    return `must not use more than ${MAX_WILDCARDS} wildcards`;
  return null;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const part of text.split(/(\*|:[A-Za-z_]\w*)/)) {
    if (part === "*") found.push({ kind: "any" });
    else if (/^:[A-Za-z_]/.test(part)) found.push({ kind: "name" });
    else if (part !== "") found.push({ kind: "text", text: part });
  }
  return found;
}

/** Wildcards are told first: what is written `%2A` is an asterisk of a path. */
const asRead = (token: Token): Token =>
  token.kind === "text" ? { kind: "text", text: readAs(token.text) } : token;

/** The path in the form in which it is read (`spelling.ts`); of programs' values as it stands. */
export function matchesPattern(pattern: PathPattern, host: string, path: string): boolean {
  return (
    (pattern.host === null || matchTokens(pattern.host, host, ".")) && matchTokens(pattern.path, path, "/")
  );
}

/** Hosts and paths of which a pattern may match some: a path and all that lies below it, or all paths of a host. */
export interface Region {
  readonly host: string;
  /** Whether the host stands for itself with any port too. */
  readonly anyPort: boolean;
  /** Null: every path. */
  readonly below: string | null;
}

/** Whether the pattern matches any URL of the region; never false where it does. */
export function reachesInto(pattern: PathPattern, { host, anyPort, below }: Region): boolean {
  const { host: hosts, path } = pattern;
  const onHost =
    hosts === null || matchTokens(hosts, host, ".") || (anyPort && matchesBeginning(hosts, `${host}:`, "."));
  if (!onHost || below === null) return onHost;
  const within = below.endsWith("/") ? below : `${below}/`;
  return matchTokens(path, below, "/") || matchesBeginning(path, within, "/");
}

/** Dynamic programming over (token, offset): work is bounded by tokens × length, whatever the input. */
function matchTokens(list: readonly Token[], text: string, boundary: string): boolean {
  let reachable = new Set<number>([0]);
  for (const token of list) {
    reachable = past(token, reachable, { text, boundary });
    if (reachable.size === 0) return false;
  }
  return reachable.has(text.length);
}

/** Whether the tokens match some text that begins with this one. */
function matchesBeginning(list: readonly Token[], text: string, boundary: string): boolean {
  let reachable = new Set<number>([0]);
  for (const token of list) {
    // Whatever tokens are left match some rest.
    if (reachable.has(text.length)) return true;
    if (token.kind === "text")
      for (const at of reachable) if (token.text.startsWith(text.slice(at))) return true;
    reachable = past(token, reachable, { text, boundary });
  }
  return reachable.has(text.length);
}

/** The offsets behind a token, from those before it. */
function past(
  token: Token,
  from: ReadonlySet<number>,
  { text, boundary }: { text: string; boundary: string },
): Set<number> {
  const next = new Set<number>();
  if (token.kind === "text") {
    for (const at of from) if (text.startsWith(token.text, at)) next.add(at + token.text.length);
  } else {
    spread(from, text, { next, boundary: token.kind === "name" ? boundary : null });
  }
  return next;
}

/** Every offset that a wildcard can reach from the given ones; a name takes at least one character and stops at a boundary. */
function spread(
  from: ReadonlySet<number>,
  text: string,
  to: { next: Set<number>; boundary: string | null },
): void {
  const { next, boundary } = to;
  let open = false;
  for (let at = 0; at <= text.length; at++) {
    if (boundary !== null && open) next.add(at);
    if (boundary !== null && text[at] === boundary) open = false;
    else if (from.has(at)) open = true;
    if (boundary === null && open) next.add(at);
  }
}

/** One character of a pattern, or a wildcard: what it takes, and whether it may repeat or be left out. */
interface Step {
  readonly char: string | null;
  /** The character that a wildcard stops at. */
  readonly not: string | null;
  readonly many: boolean;
}

/** Whether some URL matches both patterns; never false where one does. */
export const patternsMeet = (a: PathPattern, b: PathPattern): boolean =>
  (a.host === null || b.host === null || tokensMeet(a.host, b.host, ".")) && tokensMeet(a.path, b.path, "/");

/** Reachability in the product of the two patterns: work is bounded by the product of their lengths. */
function tokensMeet(a: readonly Token[], b: readonly Token[], boundary: string): boolean {
  const [left, right] = [stepsOf(a, boundary), stepsOf(b, boundary)];
  const width = right.length + 1;
  const seen = new Uint8Array((left.length + 1) * width);
  const open: number[] = [0];
  const visit = (i: number, j: number): void => {
    const at = i * width + j;
    if (seen[at] === 1) return;
    seen[at] = 1;
    open.push(at);
  };
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [i, j] = [Math.floor(at / width), at % width];
    const [one, other] = [left[i], right[j]];
    if (one === undefined && other === undefined) return true;
    if (one?.many === true) visit(i + 1, j);
    if (other?.many === true) visit(i, j + 1);
    if (one !== undefined && other !== undefined && sharesCharacter(one, other))
      visit(one.many ? i : i + 1, other.many ? j : j + 1);
  }
  return false;
}

function stepsOf(list: readonly Token[], boundary: string): Step[] {
  return list.flatMap((token): Step[] => {
    if (token.kind === "text") return [...token.text].map((char) => ({ char, not: null, many: false }));
    if (token.kind === "any") return [{ char: null, not: null, many: true }];
    const once: Step = { char: null, not: boundary, many: false };
    return [once, { ...once, many: true }];
  });
}

function sharesCharacter(a: Step, b: Step): boolean {
  if (a.char !== null && b.char !== null) return a.char === b.char;
  const char = a.char ?? b.char;
  return char === null || (char !== a.not && char !== b.not);
}
