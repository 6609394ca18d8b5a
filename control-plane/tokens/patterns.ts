// Patterns that a token's invalidations have to lie within: tags with wildcards, and places with all that lies below them.

import type { SelectorSpec } from "../../shared/core/selector.ts";
import { hasDotSegment, readAs } from "../../shared/core/spelling.ts";
import { LIMITS } from "../config.ts";

export type TokenPattern =
  /** The text between its wildcards, in order: one more piece than there are wildcards. */
  | { readonly kind: "tag"; readonly pieces: readonly string[] }
  /** `*` stands for one segment; a host of null for every host of the site. */
  | { readonly kind: "prefix"; readonly host: string | null; readonly segments: readonly string[] };

export type ReadPattern = TokenPattern | { readonly kind: "fault"; readonly message: string };

const fault = (message: string): ReadPattern => ({ kind: "fault", message });

// `tag:news-*`, `prefix:/news`, `prefix:shop.example/*/images`: no documentation block can hold the last one.
export function readPattern(text: string): ReadPattern {
  const [, kind, value = ""] = /^(tag|prefix):(.+)$/s.exec(text) ?? [];
  if (kind === undefined) return fault("must be tag:… or prefix:…");
  if (text.length > LIMITS.tag) return fault(`must not be longer than ${LIMITS.tag} characters`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(value)) return fault("must not hold control characters");
  if (kind === "tag") return readTag(value);
  const slash = value.indexOf("/");
  if (slash < 0) return fault("must hold a path: prefix:/path or prefix:host/path");
  if (/[?#\s]|\*\*/.test(value)) return fault("must be a path, without a query, white space or **");
  if (!value.isWellFormed()) return fault("must be well-formed Unicode");
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return fault("must be prefix:host/path, without a scheme");
  if (hasDotSegment(value)) return fault("must not hold the segments '.' or '..', which URLs never have");
  const written = value.slice(slash + 1).split("/");
  // `/news/` is `/news`: the place itself, and all below it.
  if (written.at(-1) === "") written.pop();
  const segments = written.map(readAs);
  // An escaped asterisk would read as a wildcard.
  if (segments.some((segment, index) => segment.includes("*") && written[index] !== "*"))
    return fault("must have * for whole segments only");
  const host = value
    .slice(0, slash)
    .toLowerCase()
    .replace(/:(?:80|443)$/, "");
  if (/[^ -~]/.test(host)) return fault("must name a host beyond ASCII by its xn-- form");
  if (host.includes("*")) return fault("must name one host, or none for every host of the site");
  return { kind: "prefix", host: host === "" ? null : host, segments };
}

function readTag(value: string): ReadPattern {
  const pieces = value.split("*");
  return pieces.length - 1 > LIMITS.tokenWildcards
    ? fault(`must not have more than ${LIMITS.tokenWildcards} wildcards`)
    : { kind: "tag", pieces };
}

/** Those that can be read: what can't be, permits nothing. */
export const readPatterns = (texts: readonly string[]): readonly TokenPattern[] =>
  texts.map(readPattern).filter((read) => read.kind !== "fault");

/** Whether all that a selector hits lies within one of them. What can't be shown to does not. */
export function liesWithin(patterns: readonly TokenPattern[], spec: SelectorSpec): boolean {
  switch (spec.kind) {
    case "tag":
      return patterns.some((one) => one.kind === "tag" && matchesPieces(one.pieces, spec.tag));
    case "url":
      return coversPath(patterns, spec.host, spec.pathAndQuery.split("?", 1)[0] ?? "");
    case "prefix":
      return coversPath(patterns, spec.host, spec.path);
    case "host":
      // Named without a port it means every port, so that no pattern's host has all of it.
      return patterns.some((one) => one.kind === "prefix" && one.host === null && one.segments.length === 0);
    case "group":
    case "class":
    case "everything":
      return false;
  }
}

/** Each piece is looked for behind the one before it, the last one at the end: no input makes that take long. */
function matchesPieces(pieces: readonly string[], text: string): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** In the form in which both are read, which leaves a path's segments as they are. */
function coversPath(patterns: readonly TokenPattern[], host: string, path: string): boolean {
  const read = readAs(path);
  return patterns.some((pattern) => coversPlace(pattern, host, read));
}

/** Segments are compared one by one: none is joined or left out that a key would not be. */
function coversPlace(pattern: TokenPattern, host: string, path: string): boolean {
  if (pattern.kind !== "prefix" || (pattern.host !== null && pattern.host !== host)) return false;
  const segments = path.slice(1).split("/");
  return pattern.segments.every((wanted, index) => {
    const segment = segments[index];
    return wanted === "*" ? segment !== undefined && segment !== "" : segment === wanted;
  });
}
