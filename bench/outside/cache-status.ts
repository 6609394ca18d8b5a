// Reads `Cache-Status` (RFC 9211), and what it says of where an answer came from.

import type { Exchange } from "./exchange.ts";

export interface StatusMember {
  readonly cache: string;
  readonly parameters: ReadonlyMap<string, string | true>;
}

/** Of the nearest cache last, as they stand. */
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

/**
 * `l1` is an edge's memory or its data centre's cache; `joined` waited for somebody else's request to the origin;
 * `passed` was not the caches' to answer.
 */
export const SOURCES = ["l1", "l2", "joined", "origin", "passed", "none"] as const;
export type Source = (typeof SOURCES)[number];

export interface Provenance {
  readonly source: Source;
  /** The answer was in a cache, whether or not it was renewed behind the request. */
  readonly hit: boolean;
  /** It was served though its life was over. */
  readonly stale: boolean;
}

/** `none` where the field says nothing. */
export function provenanceOf(cacheStatus: string): Provenance {
  const members = cacheStatus === "" ? [] : parseCacheStatus(cacheStatus);
  const nearest = members.at(-1);
  if (nearest === undefined) return { source: "none", hit: false, stale: false };
  const has = (name: string): boolean => members.some(({ parameters }) => parameters.has(name));
  const detail = members.map(({ parameters }) => parameters.get("detail")).find((one) => one !== undefined);
  const hit = members.findLast(({ parameters }) => parameters.has("hit"));
  if (hit !== undefined) {
    const stale = detail === "stale" || Number(hit.parameters.get("ttl") ?? 0) < 0;
    return { source: hit.cache.endsWith("-l2") ? "l2" : "l1", hit: true, stale };
  }
  if (has("collapsed")) return { source: "joined", hit: false, stale: false };
  return { source: detail === "pass" ? "passed" : "origin", hit: false, stale: detail === "stale" };
}

/** Whether it says that the origin was not asked because no more may be asked of it. */
export const isShed = ({ outcome }: Pick<Exchange, "outcome">): boolean =>
  outcome.kind === "answered" && /\bdetail=shed\b/.test(outcome.cacheStatus);

/** Cuts at a mark that is in no quoted string. */
function splitOutside(text: string, mark: "," | ";"): string[] {
  if (!text.includes('"')) return text.split(mark).map((part) => part.trim());
  const quoted = /"(?:[^"\\]|\\.)*"/g;
  const hidden = text.replace(quoted, (string) => "_".repeat(string.length));
  const cuts = [...hidden].flatMap((char, i) => (char === mark ? [i] : []));
  return [...cuts, text.length].map((end, i) => text.slice(i === 0 ? 0 : (cuts[i - 1] ?? 0) + 1, end).trim());
}
