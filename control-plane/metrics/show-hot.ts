// Hot keys as they are shown.

import type { RankedKey } from "../../shared/mid-tier/hot-keys.ts";

export interface HotRow {
  readonly site: string;
  readonly class: string;
  readonly url: string;
  /** Request headers by which the variant is chosen, in lower case. */
  readonly headers: Record<string, string>;
  readonly share: number;
  readonly requestsPerSecond: number;
  /** Whether edges are told that it is hot. */
  readonly hot: boolean;
}

export const showHot = (keys: readonly RankedKey[], isHot: (id: string) => boolean): HotRow[] =>
  keys.map(({ key: { site, class: name, url, headers }, id, share, requestsPerSecond }) => {
    const shown = { site, class: name, url, headers: Object.fromEntries(headers) };
    return { ...shown, share, requestsPerSecond, hot: isHot(id) };
  });
