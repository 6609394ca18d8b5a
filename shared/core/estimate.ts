// How many of a whole match, told from a look at some of them; and which stored answers an invalidation would hit.

import { placeOf, type Routing, rulesFor } from "./routing.ts";
import { allSelectors, formatSelector, parseSelector, selectorsOfUrl } from "./selector.ts";
import { namesOf } from "./spelling.ts";
import type { Selector } from "./units.ts";

/** What was found among those looked at. */
export interface Look {
  readonly entries: number;
  readonly bytes: number;
  readonly sampled: number;
  /** How many there are in all. */
  readonly of: number;
}

export interface Estimate extends Look {
  /** Whether all were looked at; `entries` is then a count, else the likeliest number. */
  readonly exact: boolean;
  /** Between these two with a probability of 95 %. */
  readonly least: number;
  readonly most: number;
}

/** The normal quantile of a two-sided 95 %. */
const Z = 1.96;

/** Wilson's interval: of all simple ones it is the one that holds for few matches, and for none. */
export function estimateFrom({ entries, bytes, sampled, of }: Look): Estimate {
  if (sampled >= of) return { entries, bytes, sampled, of, exact: true, least: entries, most: entries };
  if (sampled === 0) return { entries: 0, bytes: 0, sampled, of, exact: false, least: 0, most: of };
  const share = entries / sampled;
  const centre = share + Z ** 2 / (2 * sampled);
  const spread = Z * Math.sqrt((share * (1 - share)) / sampled + Z ** 2 / (4 * sampled ** 2));
  const scale = of / (1 + Z ** 2 / sampled);
  return {
    entries: Math.round(share * of),
    bytes: Math.round((bytes / sampled) * of),
    sampled,
    of,
    exact: false,
    // What was seen is there, whatever the interval says.
    least: Math.max(entries, Math.floor(scale * (centre - spread))),
    most: Math.min(of - (sampled - entries), Math.ceil(scale * (centre + spread))),
  };
}

/** Everything by which a stored answer can be hit: as it was stored, and as the policy in force has it. */
export function selectorsNow(stored: readonly Selector[], routing: Routing): readonly Selector[] {
  for (const text of stored) {
    const parsed = parseSelector(text);
    if (parsed?.spec.kind !== "url") continue;
    const { host, pathAndQuery } = parsed.spec;
    const [path = ""] = pathAndQuery.split("?", 1);
    const place = placeOf(routing, { scheme: "http", host, path, query: "", hasQuery: false });
    if (place === null) return stored;
    const rules = rulesFor(routing, place);
    const site = place.site.name;
    return allSelectors(stored, [
      formatSelector(site, { kind: "class", class: rules.name }),
      ...rules.tags.map((tag) => formatSelector(site, { kind: "tag", tag })),
      ...selectorsOfUrl(site, host, namesOf(pathAndQuery)),
    ]);
  }
  return stored;
}
