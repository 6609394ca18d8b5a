// One evaluation: every rule's figure against its terms, and what becomes of each alert by that. Pure.

import { type AlertTerms, nextPhase, type Verdict, verdictOf } from "../../shared/core/alert.ts";
import { millis } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { Figures } from "../metrics/show-metrics.ts";
import { type Alert, alertId, keyOf } from "./alert.ts";
import type { AlertTable } from "./overrides.ts";
import type { Reading, Rule } from "./rule.ts";

export type Alerts = ReadonlyMap<string, Alert>;

export interface Evaluation {
  /** By their keys. */
  readonly alerts: Alerts;
  /** Ids of rules of which nothing could be measured. */
  readonly unmeasured: readonly string[];
}

export interface Evaluating {
  readonly before: Alerts;
  readonly table: AlertTable;
  readonly metrics: Figures;
  /** Milliseconds since 1970, of the clock that `before` was made by. */
  readonly now: number;
  /** When `before` was; null where nothing was evaluated yet. */
  readonly lastAt: number | null;
}

export function evaluate({ before, table, metrics, now, lastAt }: Evaluating): Evaluation {
  // However long nobody could evaluate: what was found just before is still news.
  const since = Math.min(now, lastAt ?? now) - LIMITS.alertWindow;
  const unmeasured: string[] = [];
  const alerts = new Map<string, Alert>();
  for (const rule of table.rules) {
    const { leastSample } = rule;
    const readings = rule.figure(metrics, { targets: table.targets, leastSample, since });
    const seen = readings.map((reading) => judged(before, { rule, reading, now }));
    if (seen.length > 0 && seen.every(({ verdict }) => verdict === "unknown")) unmeasured.push(rule.id);
    for (const { key, alert } of seen) if (alert !== null) alerts.set(key, alert);
    const keys = new Set(seen.map(({ key }) => key));
    for (const [key, alert] of before)
      if (alert.rule === rule.id && !keys.has(key)) keep(alerts, key, left(alert, { rule, now }));
  }
  // Of rules that are off, or are no more.
  const inForce = new Set(table.rules.map(({ id }) => id));
  for (const [key, alert] of before)
    if (!inForce.has(alert.rule)) keep(alerts, key, left(alert, { rule: null, now }));
  return { alerts: atMost(alerts), unmeasured };
}

interface Judged {
  readonly key: string;
  readonly verdict: Verdict;
  readonly alert: Alert | null;
}

interface Judging {
  readonly rule: Rule;
  readonly reading: Reading;
  readonly now: number;
}

function judged(before: Alerts, { rule, reading, now }: Judging): Judged {
  const key = keyOf(rule.id, reading.labels);
  const known = before.get(key) ?? null;
  const terms = termsFor(rule, reading);
  const verdict = verdictOf(reading, terms);
  const phase = nextPhase(known?.phase ?? null, verdict, { now, terms });
  if (phase === null || isForgotten(phase, now)) return { key, verdict, alert: null };
  const isNew = known === null || (known.phase.kind === "resolved" && phase.kind !== "resolved");
  const isOver = phase.kind === "resolved" && known?.phase.kind === "resolved";
  const alert = {
    id: isNew ? alertId(rule.id, key, now) : known.id,
    ...{ rule: rule.id, labels: reading.labels, phase },
    // What is over is shown as it was then.
    value: isOver || verdict === "unknown" ? (known?.value ?? null) : reading.value,
    threshold: terms.threshold,
    measured: verdict !== "unknown",
    recorded: isNew ? null : known.recorded,
    said: isNew ? undefined : known.said,
  };
  return { key, verdict, alert };
}

/** Where thresholds differ from one reading to another, what clears lies as far from each as from the rule's own. */
function termsFor(rule: Rule, { threshold = rule.threshold }: Reading): AlertTerms {
  return { ...rule, threshold, clear: threshold + (rule.clear - rule.threshold) };
}

/** What its rule no longer has anything to say of. */
function left(
  alert: Alert,
  { rule, now }: { readonly rule: Rule | null; readonly now: number },
): Alert | null {
  const { threshold } = alert;
  const terms = rule ?? { ...AT_ONCE, threshold, clear: threshold };
  const phase = nextPhase(alert.phase, "gone", { now, terms });
  return phase === null || isForgotten(phase, now) ? null : { ...alert, phase, measured: false };
}

/** Nobody judges by a rule that is off. */
const AT_ONCE: Omit<AlertTerms, "threshold" | "clear"> = {
  ...{ comparison: "above", leastSample: 1 },
  ...{ for: millis(0), clearFor: millis(0), heldFor: millis(0), seenFor: millis(0) },
};

const isForgotten = ({ kind, since }: Alert["phase"], now: number): boolean =>
  kind === "resolved" && now - since >= LIMITS.alertResolvedKept;

function keep(alerts: Map<string, Alert>, key: string, alert: Alert | null): void {
  if (alert !== null) alerts.set(key, alert);
}

const RANK = { firing: 0, resolved: 1, pending: 2 } as const;

function atMost(alerts: Alerts): Alerts {
  if (alerts.size <= LIMITS.alertsMost) return alerts;
  const ranked = [...alerts].sort(([, a], [, b]) => RANK[a.phase.kind] - RANK[b.phase.kind]);
  return new Map(ranked.slice(0, LIMITS.alertsMost));
}
