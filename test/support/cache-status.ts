// A checker of `Cache-Status` by its grammar and by what its parameters mean together (RFC 9211 §2).

export interface StatusMember {
  readonly cache: string;
  readonly parameters: ReadonlyMap<string, string | true>;
}

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

export function parseCacheStatus(value: string): StatusMember[] {
  return splitOutside(value, ",").map((member) => {
    const [cache = "", ...parameters] = splitOutside(member, ";");
    const pairs = parameters.map((text): [string, string | true] => {
      const equals = text.indexOf("=");
      return equals < 0 ? [text, true] : [text.slice(0, equals), text.slice(equals + 1)];
    });
    return { cache, parameters: new Map(pairs) };
  });
}

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

/** Cuts at a mark that is in no quoted string. */
function splitOutside(text: string, mark: "," | ";"): string[] {
  const quoted = /"(?:[^"\\]|\\.)*"/g;
  const hidden = text.replace(quoted, (string) => "_".repeat(string.length));
  const cuts = [...hidden].flatMap((char, i) => (char === mark ? [i] : []));
  return [...cuts, text.length].map((end, i) => text.slice(i === 0 ? 0 : (cuts[i - 1] ?? 0) + 1, end).trim());
}
