// What is asked of the overview, by its URL: over which time, of which class and of which site.

import { DEFAULT_CLASSES } from "../../../shared/core/classes.ts";

export const RANGES = ["15m", "1h", "6h", "24h"] as const;
export type Range = (typeof RANGES)[number];

export const RANGE_NAMES: Readonly<Record<Range, string>> = {
  "15m": "15 minutes",
  "1h": "hour",
  "6h": "6 hours",
  "24h": "24 hours",
};

export interface View {
  readonly range: Range;
  /** Null shows all classes. */
  readonly only: string | null;
  /** Null shows all sites. */
  readonly site: string | null;
  /** What of the URL nobody can mean, a sentence each. */
  readonly unmeant: readonly string[];
}

/** What nobody can mean is shown as by default, and told: a link that somebody has kept goes on working. */
export function readView(query: (name: string) => string | undefined): View {
  const unmeant: string[] = [];
  const one = (name: string, isMeant: (text: string) => boolean, advice: string): string | null => {
    const text = query(name) ?? "";
    if (text === "" || isMeant(text)) return text === "" ? null : text;
    unmeant.push(`There is no ${name} ${JSON.stringify(text.slice(0, 64))}: ${advice}`);
    return null;
  };
  const range = one("range", isRange, `it is one of ${RANGES.join(", ")}. The last hour is shown.`);
  const only = one("class", (name) => DEFAULT_CLASSES.has(name), `it is one of ${CLASSES}. All are shown.`);
  const site = one(
    "site",
    (name) => /^[\w.-]{1,64}$/.test(name),
    "no site can have that name. All are shown.",
  );
  return { range: (range as Range | null) ?? "1h", only, site, unmeant };
}

const CLASSES = [...DEFAULT_CLASSES.keys()].join(", ");

const isRange = (text: string): boolean => RANGES.some((range) => range === text);

/** The same view but for what is given. */
export function linkTo(view: View, change: Partial<View> = {}, path = "/"): string {
  const { range, only, site } = { ...view, ...change };
  const query = new URLSearchParams({
    ...(range === "1h" ? {} : { range }),
    ...(only === null ? {} : { class: only }),
    ...(site === null ? {} : { site }),
  }).toString();
  return query === "" ? path : `${path}?${query}`;
}
