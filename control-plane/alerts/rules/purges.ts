// Rules about invalidations: whether they hold, how soon, and how many there are.

import { minutes, seconds } from "../../../shared/core/units.ts";
import { foundSince, isSince, known, type Rule, rule } from "../rule.ts";

const asSeconds = (span: number | null): number | null => (span === null ? null : span / 1000);

export const PURGE_RULES: readonly Rule[] = [
  rule({
    id: "stale-violations",
    title: "Something was served that a purge should have prevented",
    severity: "page",
    unit: "count",
    figure: (metrics, basis) => {
      const { byClass, lastViolation } = metrics.stale;
      const since = foundSince(metrics, basis);
      const last = isSince(lastViolation?.at, since) ? lastViolation?.class : undefined;
      const names = new Set([...Object.keys(byClass), ...(last === undefined ? [] : [last])]);
      return [...names].map((name) => {
        const tiers = Object.values(byClass[name] ?? {});
        const violations = tiers.reduce((sum, { violations: count }) => sum + count, 0);
        // Counted a while ago, it is in no window of a minute any more.
        return known(Math.max(violations, name === last ? 1 : 0), { class: name });
      });
    },
    ...{ threshold: 1, clear: 0, clearFor: minutes(5) },
    summary: "the auditor has found {value} stale answers of class {class} beyond the bound",
    prometheus: {
      // The first one of all begins its series: that is no increase.
      value:
        "sum by (class) (tidegate_auditor_violations_total unless tidegate_auditor_violations_total offset 5m) or sum by (class) (increase(tidegate_auditor_violations_total[5m]))",
    },
  }),
  rule({
    id: "receipts-unfinished",
    title: "A purge takes long to hold everywhere",
    severity: "ticket",
    unit: "seconds",
    figure: ({ invalidations }) => [known(asSeconds(invalidations.oldestOpenMs))],
    ...{ threshold: 60, clear: 30 },
    summary: "a purge has been open for {value}, {threshold} is long",
    prometheus: { value: "tidegate_receipts_oldest_seconds" },
  }),
  rule({
    id: "receipts-overdue",
    title: "A purge is open beyond its bound",
    severity: "page",
    unit: "seconds",
    figure: ({ invalidations }) => [known(asSeconds(invalidations.overdueMs))],
    ...{ threshold: 10, clear: 0, for: seconds(10) },
    summary: "a purge has been open for {value} beyond the time from which it must hold everywhere",
    prometheus: { value: "tidegate_receipts_oldest_overdue_seconds" },
  }),
  rule({
    id: "invalidation-volume",
    title: "Very many purges",
    severity: "ticket",
    unit: "per-minute",
    figure: ({ invalidations }) => [known(invalidations.perSecond * 60)],
    ...{ threshold: 600, clear: 300, for: seconds(60) },
    summary: "purges are accepted at {value}, {threshold} is very many",
    prometheus: { value: "60 * sum(rate(tidegate_invalidations_total[2m]))" },
  }),
];
