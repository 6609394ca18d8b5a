// Which of an origin's headers are kept with an answer, and which of them a client gets to see.

import {
  coverageOf,
  governingDirectives,
  TARGETED_FIELDS,
  withoutSharedDirectives,
} from "../shared/core/cache-control.ts";
import { type HeaderList, type HeaderPair, headerValue, hopByHopNames } from "../shared/core/headers.ts";
import type { Rules } from "../shared/core/rules.ts";
import { TAG_FIELD_NAMES } from "../shared/core/storability.ts";
import { parseList } from "../shared/core/structured-fields.ts";

/** Fields that describe one transfer, or speak to one neighbour (RFC 9111 §3.1). */
const NEVER_STORED = [
  "age",
  "alt-svc",
  "content-length",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
];
const TARGETED: ReadonlySet<string> = new Set(TARGETED_FIELDS);
/** Spoken to this cache alone: nobody behind it has a use for it. */
const OWN_TARGET = "tidegate-cache-control";

export function storedHeaders(headers: HeaderList, rules: Pick<Rules, "setCookie">): HeaderPair[] {
  const dropped = new Set([...hopByHopNames(headers), ...NEVER_STORED, ...limitedFields(headers)]);
  if (rules.setCookie !== "store") dropped.add("set-cookie");
  return headers.filter(([name]) => !dropped.has(name) && !isPrivate(name));
}

/** Fields that only their own request may be sent: `private="…"`, `no-cache="…"` (RFC 9111 §5.2.2.4, §5.2.2.7). */
function limitedFields(headers: HeaderList): string[] {
  const { directives } = governingDirectives(headers);
  return ["private", "no-cache"].flatMap((name) => {
    const coverage = coverageOf(directives, name);
    return coverage.kind === "fields" ? coverage.names : [];
  });
}

/** Fields named for our own use, from whomever they come. */
const isPrivate = (name: string): boolean =>
  (name.startsWith("tidegate-") && name !== OWN_TARGET) || name.startsWith("x-tidegate-");

/** RFC 9111 §3.2: a 304 updates what is stored, except the fields by which the stored octets are read. */
const DESCRIBES_BODY = new Set(["content-encoding", "content-length", "content-range", "transfer-encoding"]);

export function freshenedHeaders(
  stored: HeaderList,
  update: HeaderList,
  rules: Pick<Rules, "setCookie">,
): HeaderPair[] {
  const news = storedHeaders(update, rules).filter(([name]) => !DESCRIBES_BODY.has(name));
  const names = new Set(news.map(([name]) => name));
  return [...stored.filter(([name]) => !names.has(name)), ...news];
}

/** What a client gets: end-to-end fields, as far as the policy shows them, and nothing of our metadata. */
export function clientHeaders(headers: HeaderList, rules: Pick<Rules, "answer">): HeaderPair[] {
  const { tags, targeted } = rules.answer;
  const hopByHop = hopByHopNames(headers);
  const pairs: HeaderPair[] = [];
  for (const [name, value] of headers) {
    if (hopByHop.has(name) || name === OWN_TARGET || name === "cache-status" || isPrivate(name)) continue;
    if (tags === "strip" && TAG_FIELD_NAMES.has(name)) continue;
    if (targeted === "strip" && TARGETED.has(name)) continue;
    const shown = targeted === "strip" && name === "cache-control" ? withoutSharedDirectives(value) : value;
    if (shown !== null) pairs.push([name, shown]);
  }
  return pairs;
}

/** What caches nearer to the origin said of the answer: ours comes behind it (RFC 9211 §2). */
export function upstreamStatus(headers: HeaderList): string {
  const value = headerValue(headers, "cache-status");
  // What can't be parsed would take ours with it.
  return value === null || !parseList(value)?.length ? "" : `${value}, `;
}
