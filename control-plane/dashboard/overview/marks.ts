// What happened, as marks on the charts: purges, warm-ups that somebody began, alerts.

import type { Mark } from "../charts/chart.ts";
import { known, type Overview } from "./read-overview.ts";

/** Warm-ups that nobody ordered are the control plane's own care, and no event. */
const OWN = "control-plane";

export function marksIn(overview: Overview): Mark[] {
  const purges = (known(overview.receipts)?.items ?? []).map(
    ({ acceptedAt, id, selectors, selectorsTotal }) => {
      const [first] = selectors;
      const more = selectorsTotal > 1 ? ` and ${selectorsTotal - 1} more` : "";
      const text = `purge: ${first === undefined ? "" : `${first.kind} ${first.value}`}${more}`;
      return mark(acceptedAt, "purge", { text, link: `/receipts/${encodeURIComponent(id)}` });
    },
  );
  const warmups = (known(overview.warmups)?.items ?? [])
    .filter(({ actor }) => actor !== OWN)
    .map(({ acceptedAt, id, total }) =>
      mark(acceptedAt, "warmup", {
        text: `warm-up: ${total} requests`,
        link: `/warm/${encodeURIComponent(id)}`,
      }),
    );
  const alerts = (known(overview.alerts)?.items ?? [])
    .filter(({ state }) => state === "firing")
    .map(({ since, title }) => mark(since, "alert", { text: title, link: "/#alerts" }));
  const marks = [...purges, ...warmups, ...alerts];
  return marks.filter(({ at }) => Number.isFinite(at)).sort((a, b) => a.at - b.at);
}

const mark = (at: string, kind: string, rest: Pick<Mark, "text" | "link">): Mark => ({
  ...{ at: Date.parse(at) / 1000, kind },
  ...rest,
});
