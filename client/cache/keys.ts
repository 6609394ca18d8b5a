// What a key of the cache is called: in the mid-tier, by invalidations, and in URLs of the control plane.

import { formatSelector, type SelectorSpec, selectorsOf } from "../../shared/core/selector.ts";
import type { CacheKey, Selector } from "../../shared/core/units.ts";
import { placeOfKey } from "../../shared/core/value-key.ts";

/** Whose keys they are: two namespaces of one site share tags and nothing else. */
export interface Namespace {
  readonly site: string;
  readonly name: string;
}

/** No URL of a page has such a key: those hold a digest of their recipe. */
export const cacheKeyOf = ({ site, name }: Namespace, key: string): CacheKey =>
  `${site} value ${name} ${key}` as CacheKey;

/** Every selector that can hit the value of a key. */
export function selectorsOfValue(
  namespace: Namespace,
  {
    key,
    class: of,
    tags,
  }: { readonly key: string; readonly class: string; readonly tags: readonly string[] },
): readonly Selector[] {
  return selectorsOf({ site: namespace.site, ...placeOfKey(namespace.name, key), class: of, tags });
}

export const selectorOfKey = ({ site, name }: Namespace, key: string): Selector =>
  formatSelector(site, { kind: "url", ...placeOfKey(name, key) });

export const selectorOfPrefix = ({ site, name }: Namespace, prefix: string): Selector => {
  const { host, pathAndQuery } = placeOfKey(name, prefix);
  return formatSelector(site, { kind: "prefix", host, path: pathAndQuery });
};

export const selectorOf = ({ site }: Namespace, spec: SelectorSpec): Selector => formatSelector(site, spec);
