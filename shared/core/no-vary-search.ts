// No-Vary-Search: which parts of a query make no difference, as an answer itself says.

import { type HeaderList, headerValue } from "./headers.ts";
import { type Member, parseDictionary } from "./structured-fields.ts";

/** Names compare decoded. `only` of the excepted ones count, or all `but` the listed ones do. */
export interface SearchVariance {
  readonly keyOrder: boolean;
  readonly parameters:
    | { readonly kind: "but"; readonly names: readonly string[] }
    | { readonly kind: "only"; readonly names: readonly string[] };
}

/** Null where the field is absent, malformed, or makes no difference. */
export function searchVariance(headers: HeaderList): SearchVariance | null {
  const value = headerValue(headers, "no-vary-search");
  const members = value === null ? null : parseDictionary(value);
  if (members === null || members.size === 0) return null;
  const keyOrder = flagOf(members.get("key-order"));
  const ignored = members.get("params");
  const except = members.get("except");
  if (keyOrder === null) return null;
  const parameters = parametersOf(ignored, except);
  if (parameters === null) return null;
  const changesNothing = !keyOrder && parameters.kind === "but" && parameters.names.length === 0;
  return changesNothing ? null : { keyOrder, parameters };
}

function parametersOf(
  ignored: Member | undefined,
  except: Member | undefined,
): SearchVariance["parameters"] | null {
  if (ignored?.kind === "inner-list") {
    const names = namesOf(ignored);
    return names === null || except !== undefined ? null : { kind: "but", names };
  }
  const all = flagOf(ignored);
  if (all === null) return null;
  if (!all) return except === undefined ? { kind: "but", names: [] } : null;
  if (except === undefined) return { kind: "only", names: [] };
  const names = except.kind === "inner-list" ? namesOf(except) : null;
  return names === null ? null : { kind: "only", names };
}

const flagOf = (member: Member | undefined): boolean | null => {
  if (member === undefined) return false;
  return member.kind === "item" && member.bare.kind === "boolean" ? member.bare.value : null;
};

function namesOf(list: Member & { kind: "inner-list" }): string[] | null {
  const names = list.items.map(({ bare }) => (bare.kind === "string" ? decoded(bare.value) : null));
  return names.every((name) => name !== null) ? names : null;
}

/** The query in the form that stands for all that make no difference. Values stay as received. */
export function canonicalQuery(query: string, variance: SearchVariance): string {
  const { parameters, keyOrder } = variance;
  const names = new Set(parameters.names);
  const kept = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => ({ pair, name: decoded(pair.split("=", 1)[0] ?? "") }))
    .filter(({ name }) => names.has(name) === (parameters.kind === "only"));
  // Sorting is stable: values of one name keep their order.
  if (keyOrder) kept.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return kept.map(({ pair }) => pair).join("&");
}

/** A name as a form reads it: `%69d` and `id` are one. */
export function decoded(name: string): string {
  const spaced = name.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch (error) {
    if (error instanceof URIError) return spaced;
    throw error;
  }
}
