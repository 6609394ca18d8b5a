// Which of an origin's headers are kept with an answer, and which of them a client gets to see.

import {
  coverageOf,
  governingDirectives,
  TARGETED_FIELDS,
  withoutSharedDirectives,
} from "../shared/core/cache-control.ts";
import {
  changedFields,
  DIGESTS_OF_CONTENT,
  type FieldsChange,
  type HeaderList,
  type HeaderPair,
  headerValue,
  hopByHopNames,
  updatedFields,
} from "../shared/core/headers.ts";
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

/**
 * RFC 9111 §3.2: a 304 updates what is stored, except the fields by which the stored octets are read. Its entity tag
 * need only be weakly that of what is stored: as a strong one it would vouch for octets that it was not given to.
 */
const DESCRIBES_BODY = new Set([
  ...DIGESTS_OF_CONTENT,
  "content-encoding",
  "content-length",
  "content-range",
  "etag",
  "transfer-encoding",
]);

export function freshenedHeaders(
  stored: HeaderList,
  update: HeaderList,
  rules: Pick<Rules, "setCookie">,
): HeaderPair[] {
  return updatedFields(
    stored,
    storedHeaders(update, rules).filter(([name]) => !DESCRIBES_BODY.has(name)),
  );
}

/** What a client gets: end-to-end fields, as far as the policy shows them, and nothing of our metadata. */
export const clientHeaders = (headers: HeaderList, rules: Pick<Rules, "answer">): HeaderPair[] =>
  changedFields(headers, clientChange(headers, rules));

/** The same as what changes. */
export function clientChange(headers: HeaderList, rules: Pick<Rules, "answer">): FieldsChange {
  const { tags, targeted } = rules.answer;
  const hopByHop = hopByHopNames(headers);
  const without: string[] = [];
  for (const [name] of headers) {
    if (hopByHop.has(name) || name === OWN_TARGET || name === "cache-status" || isPrivate(name))
      without.push(name);
    else if (tags === "strip" && TAG_FIELD_NAMES.has(name)) without.push(name);
    else if (targeted === "strip" && TARGETED.has(name)) without.push(name);
  }
  const said = targeted === "strip" ? headerValue(headers, "cache-control") : null;
  const shown = said === null ? null : withoutSharedDirectives(said);
  if (shown === said) return { without, replaced: [] };
  return shown === null
    ? { without: [...without, "cache-control"], replaced: [] }
    : { without, replaced: [["cache-control", shown]] };
}

/** What caches nearer to the origin said of the answer: ours comes behind it (RFC 9211 §2). */
export function upstreamStatus(headers: HeaderList): string {
  const value = headerValue(headers, "cache-status");
  // What can't be parsed would take ours with it.
  return value === null || !parseList(value)?.length ? "" : `${value}, `;
}
