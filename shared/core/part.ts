// Parts of a representation (RFC 9111 §3.3, §3.4): what a 206 brought, what it can answer, and how parts combine.

import { type ByteRange, type ContentRange, lengthOf, parseContentRange } from "./byte-range.ts";
import { strongEtag } from "./conditional.ts";
import { type HeaderList, headerValue } from "./headers.ts";
import type { Part } from "./stored-answer.ts";

export type RangePart = Part & { readonly kind: "range" };

/**
 * The part that a 206 brought; null where its fields contradict each other or its octets, or leave the whole length
 * open. `announced`: its own length was stated, and met.
 */
export function receivedPart(
  headers: HeaderList,
  { octets, announced }: { readonly octets: number; readonly announced: boolean },
): RangePart | null {
  const stated = parseContentRange(headerValue(headers, "content-range"));
  if (stated === null || stated.complete === null || octets === 0) return null;
  if (lengthOf(stated) === octets) return range(stated, stated.complete);
  return announced && endsOneTooLate(stated, octets) && strongEtag(headers) === null
    ? range({ from: stated.from, to: stated.to - 1 }, stated.complete - 1)
    : null;
}

/** Whether a 206 says in full which octets of how many it brings: one of several ranges does not (RFC 9110 §14.6). */
export const tellsItsPart = (headers: HeaderList): boolean =>
  (parseContentRange(headerValue(headers, "content-range"))?.complete ?? null) !== null;

const range = ({ from, to }: ByteRange, complete: number): RangePart => ({
  kind: "range",
  from,
  to,
  complete,
});

/**
 * Some origins count the end of a body one octet too far, in both numbers. Its octets, whole by their own length, then
 * end the representation; without a validator such a part is never combined with another.
 */
const endsOneTooLate = (stated: ContentRange, octets: number): boolean =>
  stated.to + 1 === stated.complete && lengthOf(stated) === octets + 1;

export const covers = (part: RangePart, wanted: ByteRange): boolean =>
  part.from <= wanted.from && wanted.to <= part.to;

export const isComplete = (part: RangePart): boolean => part.from === 0 && part.to === part.complete - 1;

/** What is missing of the whole, where it is one piece; null where there are two. */
export function missing({ from, to, complete }: RangePart): ByteRange | null {
  if (from === 0) return { from: to + 1, to: complete - 1 };
  return to === complete - 1 ? { from: 0, to: from - 1 } : null;
}

export interface Piece {
  readonly part: RangePart;
  readonly headers: HeaderList;
}

/** Two parts of one representation: the same strong validator, the same length, and no gap between them (RFC 9111 §3.4). */
export function combined(one: Piece, other: Piece): RangePart | null {
  const etag = strongEtag(one.headers);
  if (etag === null || etag !== strongEtag(other.headers)) return null;
  // Some origins give all codings of a representation one tag.
  if (headerValue(one.headers, "content-encoding") !== headerValue(other.headers, "content-encoding"))
    return null;
  const [a, b] = [one.part, other.part];
  if (a.complete !== b.complete || a.from > b.to + 1 || b.from > a.to + 1) return null;
  return range({ from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) }, a.complete);
}
