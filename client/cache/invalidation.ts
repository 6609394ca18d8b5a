// What an invalidation names, as a program says it and as the log has it.

import { prefixFault, type SelectorSpec } from "../../shared/core/selector.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { CacheCore } from "./core.ts";
import { selectorOf, selectorOfKey, selectorOfPrefix } from "./keys.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { checkKey, checkList, checkOptions, checkTags, wrong } from "./options.ts";

/** What an invalidation names; at least one of them. */
export interface InvalidateOptions {
  readonly keys?: readonly string[];
  /** At segment boundaries: `users` names `users` and `users/1`, and not `users2`. */
  readonly prefixes?: readonly string[];
  /** Of the whole site: values of other namespaces and answers of edges that have them too. */
  readonly tags?: readonly string[];
  /** Of the whole site, as tags are: all values and answers of a class. */
  readonly classes?: readonly string[];
  /** All values of this namespace. */
  readonly everything?: true;
  /** `soft` makes values stale instead of unusable: they are still given while new ones are loaded. */
  readonly mode?: "hard" | "soft";
}

const KNOWN: ReadonlySet<string> = new Set<keyof InvalidateOptions>([
  ...(["keys", "prefixes", "tags", "classes", "everything", "mode"] as const),
]);

/** @internal Throws `invalid-argument` for whatever is not as it has to be, or would be acknowledged and name nothing. */
export function readInvalidation(
  { namespace, policies }: Pick<CacheCore, "namespace" | "policies">,
  options: InvalidateOptions,
): { readonly selectors: readonly Selector[]; readonly detail: string } {
  const {
    keys = [],
    prefixes = [],
    tags = [],
    classes = [],
    everything,
    mode = "hard",
  } = checkOptions(options, KNOWN);
  for (const [where, list] of Object.entries({ keys, prefixes, tags, classes })) checkList(list, where);
  const unknown = classes.find((name) => policies.ofClass(name) === undefined);
  if (unknown !== undefined) throw wrong("classes", `there is no class ${JSON.stringify(unknown)}`);
  const whole: SelectorSpec[] = everything === true ? [{ kind: "host", host: `~${namespace.name}` }] : [];
  const specs: SelectorSpec[] = [
    ...checkTags(tags, "tags").map((tag) => ({ kind: "tag", tag }) as const),
    ...classes.map((name) => ({ kind: "class", class: name }) as const),
    ...whole,
  ];
  const selectors = [
    ...keys.map((key, at) => selectorOfKey(namespace, checkKey(key, `keys.${at}`))),
    ...prefixes.map((prefix, at) => selectorOfPrefix(namespace, checkPrefix(prefix, `prefixes.${at}`))),
    ...specs.map((spec) => selectorOf(namespace, spec)),
  ];
  if (selectors.length === 0)
    throw wrong("invalidate", "it has to name keys, prefixes, tags, classes or everything");
  if (selectors.length > CACHE_LIMITS.selectors)
    throw wrong("invalidate", `it names ${selectors.length}; ${CACHE_LIMITS.selectors} are the most`);
  const characters = selectors.reduce((sum, { length }) => sum + length, 0);
  if (characters > CACHE_LIMITS.selectorCharacters)
    throw wrong(
      "invalidate",
      `its names have ${characters} characters, percent-encoded; ${CACHE_LIMITS.selectorCharacters} are the most`,
    );
  if (mode !== "hard" && mode !== "soft") throw wrong("mode", "hard or soft");
  const counts = Object.entries({ keys, prefixes, tags, classes });
  return { selectors, detail: counts.map(([name, { length }]) => `${length} ${name}`).join(", ") };
}

/** What is below it: a prefix that no key can have would be acknowledged, and name nothing. */
function checkPrefix(prefix: string, where: string): string {
  const fault = prefixFault(checkKey(prefix, where));
  if (fault !== null) throw wrong(where, `it ${fault}`);
  return prefix;
}
