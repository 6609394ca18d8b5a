// The first page that has something on it: what is asked for may lie behind all that one request looks at.

import type { Output } from "./output.ts";

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

/** One request looks at 5000 records of the audit log, which keeps 100 000. */
const MOST_PAGES = 20;

/** An empty page that names a next one is what so many pages were, one after the other. */
export async function firstFound<Found extends Page>(
  page: (cursor: string | undefined) => Promise<Found>,
  from: string | undefined,
): Promise<Found> {
  let found = await page(from);
  for (let asked = 1; asked < MOST_PAGES; asked += 1) {
    if (found.items.length > 0 || found.nextCursor === null) break;
    found = await page(found.nextCursor);
  }
  return found;
}

/** What is told of a page without anything on it. */
export function tellNoneFound(out: Output, { nextCursor }: Page, none: string): void {
  out.line(
    nextCursor === null
      ? none
      : `Nothing that fits is found among the newest; further back: --cursor ${nextCursor}`,
  );
}

export function tellMore(out: Output, { nextCursor }: Page): void {
  if (nextCursor !== null) out.note(`more: --cursor ${nextCursor}`);
}
