// The cache key: which requests may share an answer, and nothing else may.

import { keyedCookies } from "./keyed-cookies.ts";
import { mix } from "./mix.ts";
import { canonicalQuery, decoded, type SearchVariance } from "./no-vary-search.ts";
import type { KeyRecipe } from "./rules.ts";
import type { CacheKey } from "./units.ts";
import { selectingValues, type VaryMark } from "./vary.ts";

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

/** The query that the recipe keeps, in the order received unless the recipe says that it makes no difference. */
export function keyedQuery(url: UrlParts, recipe: KeyRecipe): string {
  const { query, sort } = recipe;
  if (query.kind === "none" || !url.hasQuery) return "";
  if (query.kind === "all" && !sort) return `?${url.query}`;
  const parameters: SearchVariance["parameters"] =
    query.kind === "all"
      ? { kind: "but", names: [] }
      : { kind: query.kind === "include" ? "only" : "but", names: query.names.map(decoded) };
  const kept = canonicalQuery(url.query, { keyOrder: sort, parameters });
  return kept === "" ? "" : `?${kept}`;
}

/** The path and query that a key has, to the letter; selectors name them as `spelling.ts` says. */
export const keyedPath = (url: UrlParts, recipe: KeyRecipe): string => url.path + keyedQuery(url, recipe);

/** The same where the resource has said which parts of its query make no difference. */
export function searchedPath(url: UrlParts, recipe: KeyRecipe, variance: SearchVariance | null): string {
  const query = keyedQuery(url, recipe);
  if (variance === null || query === "") return url.path + query;
  const kept = canonicalQuery(query.slice(1), variance);
  return kept === "" ? url.path : `${url.path}?${kept}`;
}

export interface KeyInput {
  readonly site: string;
  /** Null where no answer has said that parts of the query make no difference. */
  readonly variance?: SearchVariance | null;
  readonly url: UrlParts;
  readonly recipe: KeyRecipe;
  readonly request: KeyedRequest;
}

/**
 * Length-prefixed parts, so that no value can imitate a delimiter; the digest of the recipe comes with
 * them, so that a changed recipe never meets entries of the old one.
 */
export function cacheKey({ site, url, recipe, request, variance = null }: KeyInput): CacheKey {
  const parts = [site, url.scheme, url.host, searchedPath(url, recipe, variance)];
  for (const name of recipe.headers) parts.push(optional(request.header(name)));
  if (recipe.cookies.length > 0) parts.push(...keyedCookies(request.header("cookie"), recipe.cookies));
  parts.push(recipeDigest(recipe));
  return parts.map((part) => `${part.length}:${part}`).join("") as CacheKey;
}

/** Variants by Vary are keys below the resource's own: the names and this request's values for them. */
export function variantKey(primary: CacheKey, mark: VaryMark, request: KeyedRequest): CacheKey {
  if (mark.names.length === 0) return primary;
  const values = selectingValues(mark, (name) => request.header(name));
  const parts = values.flatMap(([name, value]) => [name, optional(value)]);
  // Joined: V8 keeps a template's text in pieces, which memory is slower to hash.
  return [primary, "|vary", ...parts.map((part) => `${part.length}:${part}`)].join("") as CacheKey;
}

/** Absent and empty are different values. */
const optional = (value: string | null): string => (value === null ? "-" : `+${value}`);

const recipeDigest = (recipe: KeyRecipe): string =>
  recipe.query.kind === "all" && !recipe.sort && recipe.headers.length === 0 && recipe.cookies.length === 0
    ? "0"
    : `${mix(JSON.stringify(recipe)).toString(36)}.${mix(JSON.stringify(recipe), 1).toString(36)}`;
