// Key patterns of the metadata table: URLPattern's syntax without regexp groups, matched in linear time.

/**
 * `*` matches anything, `/` included; `:name` matches one non-empty path segment or part of one;
 * everything else matches itself. `host` null matches every host.
 */
export interface PathPattern {
  readonly text: string;
  readonly host: readonly Token[] | null;
  readonly path: readonly Token[];
}

type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "name" };

export type PatternOutcome =
  | { readonly kind: "pattern"; readonly pattern: PathPattern }
  | { readonly kind: "invalid"; readonly message: string };

export const MAX_PATTERN_LENGTH = 1024;
/** Each wildcard multiplies the worst case of matching; eight are more than any real table needs. */
export const MAX_WILDCARDS = 8;

/** Parses `/path/*`, `//host/path`, `https://host/path` or `*.host/path`. */
export function parsePattern(text: string): PatternOutcome {
  const problem = problemOf(text);
  if (problem !== null) return { kind: "invalid", message: problem };
  const rest = text.replace(/^(?:https?:)?\/\//, "");
  const hosted = rest !== text || !text.startsWith("/");
  const slash = hosted ? rest.indexOf("/") : 0;
  const host = hosted ? (slash < 0 ? rest : rest.slice(0, slash)) : null;
  const path = slash < 0 ? "/*" : rest.slice(slash);
  return {
    kind: "pattern",
    pattern: {
      text,
      host: host === null || host === "*" ? null : tokens(host.toLowerCase()),
      path: tokens(path),
    },
  };
}

function problemOf(text: string): string | null {
  if (text === "") return "must not be empty";
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

export function matchesPattern(pattern: PathPattern, host: string, path: string): boolean {
  return (
    (pattern.host === null || matchTokens(pattern.host, host, ".")) && matchTokens(pattern.path, path, "/")
  );
}

/** Dynamic programming over (token, offset): work is bounded by tokens × length, whatever the input. */
function matchTokens(list: readonly Token[], text: string, boundary: string): boolean {
  let reachable = new Set<number>([0]);
  for (const token of list) {
    const next = new Set<number>();
    if (token.kind === "text") {
      for (const at of reachable) if (text.startsWith(token.text, at)) next.add(at + token.text.length);
    } else {
      spread(reachable, text, { next, boundary: token.kind === "name" ? boundary : null });
    }
    if (next.size === 0) return false;
    reachable = next;
  }
  return reachable.has(text.length);
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
