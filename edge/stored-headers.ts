// Which of an origin's headers are kept with an answer, and which of them a client gets to see.

import { clientCacheControl, TARGETED_FIELDS } from "../shared/core/cache-control.ts";
import {
  type HeaderList,
  type HeaderPair,
  headerValue,
  hopByHopNames,
  listMembers,
} from "../shared/core/headers.ts";
import { TAG_FIELD_NAMES } from "../shared/core/storability.ts";

/** Fields that describe one transfer, or that only this cache may write. */
const NEVER_STORED = ["age", "cache-status", "content-length", "set-cookie", "alt-svc", "proxy-authenticate"];
const TARGETED: ReadonlySet<string> = new Set(TARGETED_FIELDS);

export function storedHeaders(headers: HeaderList): HeaderPair[] {
  const dropped = new Set([...hopByHopNames(headers), ...NEVER_STORED]);
  return withDecodedBody(headers.filter(([name]) => !dropped.has(name) && !isPrivate(name)));
}

/** The runtime hands a coded body over decoded: its coding is gone, and with it the strength of its ETag (RFC 9110 §8.8.3.3). */
function withDecodedBody(headers: HeaderPair[]): HeaderPair[] {
  if (headerValue(headers, "content-encoding") === null) return headers;
  return headers
    .filter(([name]) => name !== "content-encoding")
    .map(([name, value]) =>
      name === "etag" && !value.startsWith("W/") ? [name, `W/${value}`] : [name, value],
    );
}

/** Fields named for our own use, from whomever they come. */
const isPrivate = (name: string): boolean =>
  (name.startsWith("tidegate-") && !TARGETED.has(name)) || name.startsWith("x-tidegate-");

/** RFC 9111 §3.2: a 304 updates what is stored, except what describes the stored body itself. */
const DESCRIBES_BODY = new Set([
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "transfer-encoding",
]);

export function freshenedHeaders(stored: HeaderList, update: HeaderList): HeaderPair[] {
  const news = storedHeaders(update).filter(([name]) => !DESCRIBES_BODY.has(name));
  const names = new Set(news.map(([name]) => name));
  return [...stored.filter(([name]) => !names.has(name)), ...news];
}

/** What a client gets: what was meant for shared caches removed, and nothing of our metadata. */
export function clientHeaders(headers: HeaderList): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (const [name, value] of headers) {
    if (TARGETED.has(name) || TAG_FIELD_NAMES.has(name) || isPrivate(name)) continue;
    if (name === "cache-control") {
      const kept = clientCacheControl(value);
      if (kept !== null) pairs.push([name, kept]);
    } else pairs.push([name, value]);
  }
  return pairs;
}

/** The fields an answer varies on, less those that every request to the origin carries alike. */
export function variedNames(headers: HeaderList): string[] {
  const names = listMembers(headerValue(headers, "vary")).map((name) => name.toLowerCase());
  return [...new Set(names)].filter((name) => name !== "accept-encoding").sort();
}
