// What a program says of a cache and of a call: checked once, and every mistake named.

import { TidegateError } from "../tidegate-error.ts";
import { CACHE_LIMITS } from "./limits.ts";
import type { Duration } from "./rules.ts";
import { NO_SUCH_OPTION, unknownOption } from "./unknown-option.ts";

/** What a call may say of a value. */
export interface ValueOptions {
  /** Which class it is of; where the cache has one of its own, that one. */
  readonly class?: string;
  /** More names by which it can be invalidated. */
  readonly tags?: readonly string[];
  /** Instead of its class's. Milliseconds, or a text such as `30s`. */
  readonly ttl?: Duration;
}

export interface ReadOptions extends ValueOptions {
  /** Ends this call's waiting; the load goes on for others, and for whoever comes next. */
  readonly signal?: AbortSignal;
  /** How long this call may take. */
  readonly deadline?: Duration;
  /** What the loader asks: its limits, as the cache was told them. */
  readonly source?: string;
}

export function checkKey(key: string, where = "key"): string {
  if (typeof key !== "string" || key === "" || key.length > CACHE_LIMITS.key)
    throw wrong(where, `a key is a text of 1 to ${CACHE_LIMITS.key} characters`);
  if (!key.isWellFormed()) throw wrong(where, "a key has no lone surrogates");
  return key;
}

/** Of whatever reads and writes values. */
const OF_VALUES = ["class", "tags", "ttl", "signal", "deadline", "source"] as const;
const KNOWN: ReadonlySet<string> = new Set<keyof ReadOptions>(OF_VALUES);
/** @internal Of a function whose results are cached. */
export const OF_WRAP: ReadonlySet<string> = new Set([...OF_VALUES, "key", "tagsOf"]);

/** Named with a default, `null` would still be none. Of `tag` nothing would be said, and a purge of it would miss the value. */
export function checkOptions<Options extends object>(options: Options, known = KNOWN): Options {
  if (typeof options !== "object" || options === null) throw wrong("options", "an object is needed");
  const other = unknownOption(options, known);
  if (other !== undefined) throw wrong(other, NO_SUCH_OPTION);
  return options;
}

export function checkFunction(value: unknown, where: string): void {
  if (typeof value !== "function") throw wrong(where, "a function is needed");
}

/** A text has a length and parts too, and none of them is what was meant. */
export function checkList(list: readonly string[], where: string): readonly string[] {
  if (!Array.isArray(list)) throw wrong(where, "a list is needed");
  return list;
}

/** Of one call that reads many. */
export function checkKeys(keys: readonly string[]): void {
  if (checkList(keys, "keys").length > CACHE_LIMITS.many)
    throw wrong("keys", `${CACHE_LIMITS.many} keys are the most`);
  for (const [at, key] of keys.entries()) checkKey(key, `keys.${at}`);
}

export function checkTags(tags: readonly string[], where: string): readonly string[] {
  checkList(tags, where);
  if (tags.length > CACHE_LIMITS.tags) throw wrong(where, `${CACHE_LIMITS.tags} tags are the most`);
  const bad = tags.findIndex(
    (tag) => typeof tag !== "string" || !/^[\x21-\x7e]+$/.test(tag) || tag.length > CACHE_LIMITS.tag,
  );
  if (bad >= 0)
    throw wrong(
      `${where}.${bad}`,
      `a tag is 1 to ${CACHE_LIMITS.tag} visible ASCII characters without spaces`,
    );
  return tags;
}

export const wrong = (where: string, message: string): TidegateError =>
  new TidegateError("invalid-argument", `${where}: ${message}.`, {
    errors: [{ pointer: `/${where.replaceAll(".", "/")}`, message }],
  });
