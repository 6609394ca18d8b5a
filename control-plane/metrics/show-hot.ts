// Hot keys as they are shown: without what opens something, since whoever may read figures need not be let in by them.

import { withoutSecretIn, withoutSecrets } from "../../shared/core/secret-values.ts";
import type { RankedKey } from "../../shared/mid-tier/hot-keys.ts";

export interface HotRow {
  readonly site: string;
  readonly class: string;
  readonly url: string;
  /** Whether a value was left out of the URL: then nobody has asked for what it says. */
  readonly masked: boolean;
  /** Request headers by which the variant is chosen, in lower case. */
  readonly headers: Record<string, string>;
  readonly share: number;
  readonly requestsPerSecond: number;
  /** Whether edges are told that it is hot. */
  readonly hot: boolean;
}

export const showHot = (keys: readonly RankedKey[], isHot: (id: string) => boolean): HotRow[] =>
  keys.map(({ key: { site, class: name, url, headers }, id, share, requestsPerSecond }) => {
    const clean = withoutSecrets(url);
    const shown = { site, class: name, url: clean, masked: clean !== url };
    const fields = Object.fromEntries(headers.map(withoutSecretIn));
    return { ...shown, headers: fields, share, requestsPerSecond, hot: isHot(id) };
  });
