// Selectors: what an invalidation can name, and the set of them that can hit one answer.

import type { Selector } from "./units.ts";
import { namedPlace } from "./value-key.ts";

/** What an invalidation names. `host` is canonical (`cache-key.ts`); a path is one of its URL's names (`spelling.ts`). */
export type SelectorSpec =
  | { readonly kind: "url"; readonly host: string; readonly pathAndQuery: string }
  | { readonly kind: "tag"; readonly tag: string }
  /** A group of `Cache-Groups`: it belongs to the host that names it (RFC 9875 §2). */
  | { readonly kind: "group"; readonly host: string; readonly group: string }
  | { readonly kind: "prefix"; readonly host: string; readonly path: string }
  | { readonly kind: "host"; readonly host: string }
  | { readonly kind: "class"; readonly class: string }
  | { readonly kind: "everything" };

export type SelectorKind = SelectorSpec["kind"];

/** A path has at most this many prefixes, so an invalidation by prefix costs an edge a bounded number of look-ups. */
const MAX_PREFIX_SEGMENTS = 32;

/** The canonical text. Sites never hold a space, and it comes first, so no two specs share a text. */
export function formatSelector(site: string, spec: SelectorSpec): Selector {
  switch (spec.kind) {
    case "url":
      return `${site} u ${spec.host}${spec.pathAndQuery}` as Selector;
    case "tag":
      return `${site} t ${spec.tag}` as Selector;
    case "group":
      return `${site} g ${spec.host} ${spec.group}` as Selector;
    case "prefix":
      return `${site} p ${spec.host}${trimPrefix(spec.path)}` as Selector;
    case "host":
      return `${site} h ${spec.host}` as Selector;
    case "class":
      return `${site} c ${spec.class}` as Selector;
    case "everything":
      return `${site} e` as Selector;
  }
}

const KIND_LETTERS: Record<string, SelectorKind> = {
  u: "url",
  t: "tag",
  g: "group",
  p: "prefix",
  h: "host",
  c: "class",
  e: "everything",
};

/** Which kind of selector a canonical text is, or null if it is none. */
export function selectorKind(text: string): SelectorKind | null {
  const space = text.indexOf(" ");
  const kind = space < 0 ? undefined : KIND_LETTERS[text[space + 1] ?? ""];
  if (kind === undefined) return null;
  return text[space + 2] === (kind === "everything" ? undefined : " ") ? kind : null;
}

/** The site and what was named, from a canonical text; null where it is none. */
export function parseSelector(text: string): { readonly site: string; readonly spec: SelectorSpec } | null {
  const kind = selectorKind(text);
  if (kind === null) return null;
  const at = text.indexOf(" ");
  const [site, value] = [text.slice(0, at), text.slice(at + 3)];
  switch (kind) {
    case "url":
    case "prefix": {
      const slash = value.indexOf("/");
      if (slash < 0) return null;
      const [host, path] = [value.slice(0, slash), value.slice(slash)];
      return { site, spec: kind === "url" ? { kind, host, pathAndQuery: path } : { kind, host, path } };
    }
    case "group": {
      const [host = "", ...group] = value.split(" ");
      return { site, spec: { kind, host, group: group.join(" ") } };
    }
    case "tag":
      return { site, spec: { kind, tag: value } };
    case "host":
      return { site, spec: { kind, host: value } };
    case "class":
      return { site, spec: { kind, class: value } };
    case "everything":
      return { site, spec: { kind } };
  }
}

/** What a canonical text names, as people name it: without the site, and a program's key by its URL. Null where it is none. */
export function shownSelector(text: string): { readonly kind: SelectorKind; readonly value: string } | null {
  const parsed = parseSelector(text);
  if (parsed === null) return null;
  const { kind } = parsed.spec;
  const value = text.slice(parsed.site.length + 3);
  return { kind, value: kind === "url" || kind === "prefix" ? namedPlace(value) : value };
}

/** What of an answer decides which invalidations hit it. */
export interface SelectorSource {
  readonly site: string;
  readonly host: string;
  readonly pathAndQuery: string;
  /** What its URL is known as beside (`spelling.ts`). */
  readonly alsoAs?: readonly string[];
  readonly class: string;
  readonly tags: readonly string[];
  readonly groups?: readonly string[];
}

/** Every selector that can hit the answer, each once. */
export function selectorsOf(source: SelectorSource): Selector[] {
  const { site, host, alsoAs = [] } = source;
  const set = new Set<Selector>([
    formatSelector(site, { kind: "everything" }),
    formatSelector(site, { kind: "host", host }),
    // A host named without its port means every port.
    formatSelector(site, { kind: "host", host: withoutPort(host) }),
    formatSelector(site, { kind: "class", class: source.class }),
    ...selectorsOfUrl(site, host, [source.pathAndQuery, ...alsoAs]),
  ]);
  for (const tag of source.tags) set.add(formatSelector(site, { kind: "tag", tag }));
  for (const group of source.groups ?? []) set.add(formatSelector(site, { kind: "group", host, group }));
  return [...set];
}

/** By which of a URL's names, each with its prefixes, it can be hit. */
export const selectorsOfUrl = (site: string, host: string, names: readonly string[]): Selector[] => [
  ...names.map((pathAndQuery) => formatSelector(site, { kind: "url", host, pathAndQuery })),
  ...names.flatMap(pathPrefixes).map((path) => formatSelector(site, { kind: "prefix", host, path })),
];

/** Neither list changes, and what an answer was stored with is looked at for each of its hits. */
const together = new WeakMap<
  readonly Selector[],
  { readonly inForce: readonly Selector[]; readonly all: readonly Selector[] }
>();

/** What can hit an answer now: by what it was stored with, and by what the policy in force says of its resource. */
export function allSelectors(stored: readonly Selector[], inForce: readonly Selector[]): readonly Selector[] {
  const known = together.get(stored);
  if (known?.inForce === inForce) return known.all;
  const all = union(stored, inForce);
  together.set(stored, { inForce, all });
  return all;
}

function union(stored: readonly Selector[], inForce: readonly Selector[]): readonly Selector[] {
  const more = new Set(inForce);
  // The stored ones may be a thousand tags: each is looked at once, and not once for each of the others.
  for (const selector of stored) more.delete(selector);
  return more.size === 0 ? stored : [...stored, ...more];
}

/** `/a/b?x` → `/`, `/a`, `/a/b`: the segment boundaries, outermost first, at most `MAX_PREFIX_SEGMENTS` below the root. */
export function pathPrefixes(pathAndQuery: string): string[] {
  const query = pathAndQuery.indexOf("?");
  const path = query < 0 ? pathAndQuery : pathAndQuery.slice(0, query);
  const prefixes = ["/"];
  let from = 1;
  while (prefixes.length <= MAX_PREFIX_SEGMENTS && from < path.length) {
    const slash = path.indexOf("/", from);
    const end = slash < 0 ? path.length : slash;
    if (end > from) prefixes.push(path.slice(0, end));
    from = end + 1;
  }
  return prefixes;
}

/** What is wrong with naming all below a path: null where answers can have it among their prefixes. */
export function prefixFault(path: string): string | null {
  if (path.endsWith("*")) return "must not end with '*': a prefix matches all below it as it is";
  const segments = path.split("/").filter((segment) => segment !== "").length;
  return segments > MAX_PREFIX_SEGMENTS ? `must not have more than ${MAX_PREFIX_SEGMENTS} segments` : null;
}

/** The narrowest spec that names a URL whatever parts of its query its key is made of. */
export const whateverQuery = (host: string, path: string): SelectorSpec => ({
  kind: "prefix",
  host,
  path: pathPrefixes(path).at(-1) ?? "/",
});

/**
 * The name, among a path's URLs, of all whose answers say that not all of the query counts (No-Vary-Search): which of its
 * spellings are one, only they say. Null where there is no query. No URL is named like this: what is sent has no fragment.
 */
export const searchName = (pathAndQuery: string): string | null =>
  pathAndQuery.includes("?") ? searchNameOf(pathAndQuery.slice(0, pathAndQuery.indexOf("?"))) : null;

export const searchNameOf = (path: string): string => path + ANY_SEARCH;

const ANY_SEARCH = "?#";

export const isSearchSelector = (selector: Selector): boolean => selector.endsWith(ANY_SEARCH);

export const withoutPort = (host: string): string => host.replace(/:\d+$/, "");

/** `/a/` and `/a` name the same prefix; the root stays `/`. */
function trimPrefix(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}
