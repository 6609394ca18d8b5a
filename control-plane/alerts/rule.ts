// What an alert rule is: a figure, what separates well from ill in it, and what to tell whoever is woken.

import type { AlertTerms, Measured } from "../../shared/core/alert.ts";
import { type Millis, millis, minutes } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { Figures } from "../metrics/show-metrics.ts";
import type { Labels, Severity, Unit } from "./shown-alert.ts";

/** One value of a rule's figure: of one shard, one edge, one class, one site, or of all (no labels). */
export interface Reading extends Measured {
  readonly labels: Labels;
  /** In place of the rule's own, where it differs from one to another. */
  readonly threshold?: number;
}

/** Hit ratios that classes are to reach, by class. */
export type Targets = Readonly<Record<string, number>>;

/** What a figure goes by beside the metrics. */
export interface Basis {
  readonly targets: Targets;
  /** Fewer than this tell nothing. */
  readonly leastSample: number;
  /** Milliseconds since 1970: what was found from then on, no evaluation may have seen yet. */
  readonly since: number;
}

/** The same rule for Prometheus, over what `/metrics` exports. */
export interface PrometheusTerms {
  /** An expression whose value is compared with the threshold. */
  readonly value: string;
  /** One that has to reach the least sample. */
  readonly sample?: string;
  /** Each class has a threshold of its own: the expressions say `class=~".+"` where one is to be put in. */
  readonly by?: "class";
  /** In place of the rule's own, where Prometheus sees something else of the same. */
  readonly instead?: { readonly threshold: number; readonly for: Millis; readonly summary: string };
}

export interface Rule extends AlertTerms {
  /** Names its runbook, and in CamelCase its Prometheus alert. */
  readonly id: string;
  readonly title: string;
  /** `page`: somebody has to get up. `ticket`: somebody has to look in working hours. */
  readonly severity: Severity;
  readonly unit: Unit;
  /** Pure. What it lists no longer is gone; what can't be measured is listed with null. */
  readonly figure: (metrics: Figures, basis: Basis) => readonly Reading[];
  /** `{value}`, `{threshold}` and the labels' names in braces are filled in. */
  readonly summary: string;
  readonly prometheus: PrometheusTerms;
}

/** Part of a whole, as a reading; of nothing there is no share. */
export const share = (part: number, whole: number, labels: Labels = {}): Reading => ({
  labels,
  value: whole === 0 ? null : part / whole,
  sample: whole,
});

/** Something that is counted, or is so or not: one look at it is enough. */
export const known = (value: number | null, labels: Labels = {}): Reading => ({ labels, value, sample: 1 });

/** From when on counts what is found once, and can't be mended. */
export const foundSince = ({ at }: Figures, { since }: Basis): number =>
  Math.min(since, Date.parse(at) - LIMITS.alertFoundFor);

export const isSince = (at: string | null | undefined, since: number): boolean =>
  at !== null && at !== undefined && Date.parse(at) >= since;

/** With the terms that most rules have. */
export const rule = (
  given: Omit<Rule, "comparison" | "leastSample" | "heldFor" | "seenFor" | "clearFor" | "for"> &
    Partial<Rule>,
): Rule => ({
  comparison: "above",
  leastSample: 1,
  ...{
    for: millis(0),
    clearFor: minutes(1),
    heldFor: LIMITS.alertHeldFor,
    seenFor: LIMITS.alertSeenFor,
  },
  ...given,
});
