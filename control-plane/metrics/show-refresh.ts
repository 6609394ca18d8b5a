// What became of fetches that nobody waited for, as people read it.

import { byKind, type Counts } from "./counts.ts";

export interface RefreshOutcomes {
  readonly fetched: number;
  /** By a 304. */
  readonly confirmed: number;
  readonly shed: number;
  readonly failed: number;
}

export interface RefreshFigures {
  /** Behind a client who had his answer. */
  readonly behind: RefreshOutcomes;
  /** By the refresher; `missed` expired before anybody came to renew them. */
  readonly due: RefreshOutcomes & { readonly missed: number };
}

export function showRefresh(counts: Counts): RefreshFigures {
  const of = byKind(counts, "refresh");
  const outcomes = (why: keyof RefreshFigures): RefreshOutcomes => ({
    fetched: of(`${why}|fetched`),
    confirmed: of(`${why}|confirmed`),
    shed: of(`${why}|shed`),
    failed: of(`${why}|failed`),
  });
  return { behind: outcomes("behind"), due: { ...outcomes("due"), missed: counts.get("missed|due") ?? 0 } };
}
