// Requests whose own fields may provoke an error that other requests for the same URL would not get.

import type { HeaderList } from "./headers.ts";

/** What every server takes without complaint: octets of one value and of all fields, and how many these are. */
const LARGEST_VALUE = 1024;
const LARGEST_COOKIE = 2048;
const LARGEST_HEAD = 4096;
const MOST_FIELDS = 48;

/** What no well-behaved client sends in a field: control characters, and anything beyond ASCII. */
const UNUSUAL = /[^\t\x20-\x7e]/;

/**
 * Whether an error in answer to this request may be about the request alone: stored, it would deny the URL to
 * everybody (cache-poisoned denial of service).
 */
export function isProvocative(headers: HeaderList): boolean {
  if (headers.length > MOST_FIELDS) return true;
  let total = 0;
  for (const [name, value] of headers) {
    total += name.length + value.length;
    if (value.length > (name === "cookie" ? LARGEST_COOKIE : LARGEST_VALUE) || UNUSUAL.test(value))
      return true;
  }
  return total > LARGEST_HEAD;
}
