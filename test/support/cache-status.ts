// A checker of `Cache-Status` by its grammar and by what its parameters mean together (RFC 9211 §2).

import { parseCacheStatus } from "../../bench/outside/cache-status.ts";

const TOKEN = /^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/;
const STRING = /^"(?:[ !#-[\]-~]|\\["\\])*"$/;
const INTEGER = /^-?\d{1,15}$/;
const FORWARDS = new Set([
  "bypass",
  "method",
  "uri-miss",
  "vary-miss",
  "miss",
  "request",
  "stale",
  "partial",
]);

const isName = (text: string | true): boolean => text !== true && (TOKEN.test(text) || STRING.test(text));

/** What each parameter may hold; one that is not listed may hold anything. */
const HOLDS: Readonly<Record<string, (value: string | true) => boolean>> = {
  hit: (value) => value === true,
  fwd: (value) => value !== true && FORWARDS.has(value),
  "fwd-status": (value) => value !== true && /^[1-5]\d\d$/.test(value),
  ttl: (value) => value !== true && INTEGER.test(value),
  stored: (value) => value === true,
  collapsed: (value) => value === true,
  key: (value) => value !== true && STRING.test(value),
  detail: isName,
};

/** Everything that is wrong with a value, in words. */
export function cacheStatusFaults(value: string): string[] {
  return parseCacheStatus(value).flatMap(({ cache, parameters }) => {
    const faults = isName(cache) ? [] : [`"${cache}" is neither a token nor a string`];
    for (const [name, held] of parameters) {
      if (!/^[a-z*][a-z0-9_.*-]*$/.test(name)) faults.push(`"${name}" is no key`);
      if (HOLDS[name]?.(held) === false) faults.push(`${name} can't be ${held}`);
    }
    const has = (name: string): boolean => parameters.has(name);
    if (has("hit") && has("fwd")) faults.push("hit and fwd exclude each other");
    for (const name of ["fwd-status", "stored", "collapsed"])
      if (has(name) && !has("fwd")) faults.push(`${name} has no meaning without fwd`);
    return faults;
  });
}
