// What became of fetches that nobody waited for, as people read it.

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

export function showRefresh(count: (name: string) => number): RefreshFigures {
  const outcomes = (why: keyof RefreshFigures): RefreshOutcomes => ({
    fetched: count(`refresh|${why}|fetched`),
    confirmed: count(`refresh|${why}|confirmed`),
    shed: count(`refresh|${why}|shed`),
    failed: count(`refresh|${why}|failed`),
  });
  return { behind: outcomes("behind"), due: { ...outcomes("due"), missed: count("refresh|due|missed") } };
}
