// What happened, as marks on the charts: what the audit log tells of, led to the pages that show it.

import type { Mark } from "../charts/chart.ts";
import { known, type Overview } from "./read-overview.ts";

export function marksIn({ markers }: Overview): Mark[] {
  const marks = (known(markers)?.items ?? []).map(({ at, kind, text, link }) => ({
    ...{ at: Date.parse(at) / 1000, kind, text },
    link: link === null ? null : pageFor(link),
  }));
  return marks.filter(({ at }) => Number.isFinite(at));
}

/** Routes answer programs: what they show has a page of its own, or a place on the overview. */
const PAGES: readonly (readonly [RegExp, string])[] = [
  [/^\/invalidations\/([^/?]+)$/, "/receipts/$1"],
  [/^\/invalidations$/, "/#invalidations"],
  [/^\/warmups\/([^/?]+)$/, "/warm/$1"],
  [/^\/warmups$/, "/#warmups"],
  [/^\/chaos\/([^/?]+)$/, "/chaos/$1/report"],
  [/^\/chaos$/, "/#chaos"],
  [/^\/shards$/, "/#shards"],
  [/^\/alerts$/, "/#alerts"],
];

/** What has neither is shown without a link. */
function pageFor(link: string): string | null {
  if (!link.startsWith("/")) return link;
  const found = PAGES.find(([route]) => route.test(link));
  return found === undefined ? null : link.replace(found[0], found[1]);
}
