// The cache key: which requests may share an answer, and nothing else may.

import { mix } from "./mix.ts";
import type { KeyRecipe } from "./rules.ts";
import type { CacheKey } from "./units.ts";

/** A URL in the exact form in which it is sent to the origin, cut into parts. */
export interface UrlParts {
  readonly scheme: string;
  /** Lower case, default port removed. */
  readonly host: string;
  /** As serialised by the URL standard: `%2F` stays distinct from `/`. */
  readonly path: string;
  /** Without `?`; "" and absent are told apart by `hasQuery`. */
  readonly query: string;
  readonly hasQuery: boolean;
}

/** What a recipe may read from a request. */
export interface KeyedRequest {
  header(name: string): string | null;
}

/** The query that the recipe keeps, in the order received. */
export function keyedQuery(url: UrlParts, recipe: KeyRecipe): string {
  const { query } = recipe;
  if (query.kind === "all") return url.hasQuery ? `?${url.query}` : "";
  if (query.kind === "none" || !url.hasQuery) return "";
  const listed = new Set(query.names.map(decodedName));
  const kept = url.query.split("&").filter((pair) => {
    const name = decodedName(pair.split("=", 1)[0] ?? "");
    return listed.has(name) === (query.kind === "include");
  });
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

/** Origins read `%69d` as `id`: left out of the key under another spelling, it would poison the plain URL's answer. */
function decodedName(name: string): string {
  const spaced = name.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch (error) {
    if (error instanceof URIError) return spaced;
    throw error;
  }
}

/** The path and query by which an answer is named in selectors. */
export const keyedPath = (url: UrlParts, recipe: KeyRecipe): string => url.path + keyedQuery(url, recipe);

export interface KeyInput {
  readonly site: string;
  readonly url: UrlParts;
  readonly recipe: KeyRecipe;
  readonly request: KeyedRequest;
}

/**
 * Length-prefixed parts, so that no value can imitate a delimiter; the digest of the recipe comes with
 * them, so that a changed recipe never meets entries of the old one.
 */
export function cacheKey({ site, url, recipe, request }: KeyInput): CacheKey {
  const parts = [site, url.scheme, url.host, keyedPath(url, recipe)];
  for (const name of recipe.headers) parts.push(optional(request.header(name)));
  if (recipe.cookies.length > 0) {
    const cookies = parseCookies(request.header("cookie"));
    for (const name of recipe.cookies) parts.push(optional(cookies.get(name) ?? null));
  }
  parts.push(recipeDigest(recipe));
  return parts.map((part) => `${part.length}:${part}`).join("") as CacheKey;
}

/** Variants by Vary are keys below the resource's own: the names and this request's values for them. */
export function variantKey(primary: CacheKey, names: readonly string[], request: KeyedRequest): CacheKey {
  const parts = names.flatMap((name) => [name, optional(request.header(name))]);
  return `${primary}|vary${parts.map((part) => `${part.length}:${part}`).join("")}` as CacheKey;
}

/** Absent and empty are different values. */
const optional = (value: string | null): string => (value === null ? "-" : `+${value}`);

const recipeDigest = (recipe: KeyRecipe): string =>
  recipe.query.kind === "all" && recipe.headers.length === 0 && recipe.cookies.length === 0
    ? "0"
    : `${mix(JSON.stringify(recipe)).toString(36)}.${mix(JSON.stringify(recipe), 1).toString(36)}`;

function parseCookies(header: string | null): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, equals)).trim();
    // Where a name repeats, the first one is what most origins read.
    if (equals > 0 && !cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}
