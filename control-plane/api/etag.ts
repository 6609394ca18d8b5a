// Versions in headers: ETag out, If-Match in (RFC 9110 §8.8.3, §13.1.1).

import { Refusal } from "./problem.ts";

export const entityTag = (version: string): string => `"${version}"`;

/** Null is `*`: whatever there is. Throws where it is no list of entity tags. */
export function readIfMatch(text: string): readonly string[] | null {
  if (text.trim() === "*") return null;
  const tags = text.split(",").map((part) => part.trim());
  // If-Match compares strongly: a weak tag can match nothing, but is no mistake either.
  if (!tags.every((tag) => /^(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"$/.test(tag)))
    throw new Refusal(
      "invalid-header",
      "If-Match must be * without quotes, or a list of entity tags in double quotes.",
    );
  return tags.filter((tag) => tag.startsWith('"')).map((tag) => tag.slice(1, -1));
}
