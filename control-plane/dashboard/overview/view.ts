// What is asked of the overview, by its URL: over which time, and of which class.

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
}

/** What nobody can mean is what is shown by default: a link that somebody has kept goes on working. */
export function readView(query: (name: string) => string | undefined): View {
  const range = RANGES.find((one) => one === query("range")) ?? "1h";
  return { range, only: named(query("class")), site: named(query("site")) };
}

const named = (text: string | undefined): string | null =>
  text !== undefined && /^[\w.-]{1,64}$/.test(text) ? text : null;

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
