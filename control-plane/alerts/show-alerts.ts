// Alerts and rules as they are shown: what fires first, the newest first, with words, runbook and acknowledgement.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Alert } from "./alert.ts";
import { OUTAGE_KEY, outageAlert } from "./outage.ts";
import type { Rule } from "./rule.ts";
import type { Alerting } from "./settings.ts";
import type { Severity, ShownAlert, Unit } from "./shown-alert.ts";
import { decodeAlerts, encodeAck, type KnownAlerts } from "./stored.ts";
import { runbookOf, summaryOf } from "./wording.ts";

/**
 * Whether anybody judges the rules: `stopped`, not for some time; `unreachable`, the log's database does not answer.
 * Where it is not `current`, that nothing fires means nothing.
 */
export const JUDGING = ["current", "stopped", "not-begun", "unreachable"] as const;
export type Judging = (typeof JUDGING)[number];

export interface AlertsShown {
  readonly kind: "alerts";
  readonly items: readonly ShownAlert[];
  readonly judging: Judging;
  /** Null before the first evaluation, and while the log's database does not answer. */
  readonly evaluatedAt: string | null;
  /** Ids of rules of which nothing could be measured then; all, where they are not judged. */
  readonly unmeasured: readonly string[];
  /** Null where the receiver takes what it is told, where there is none, and where that is not known. */
  readonly refused: { readonly since: string; readonly reason: string } | null;
}

/** While the log's database is away, what this isolate knows by itself: that it is. Of one that takes no writes it knows that beside the rest. */
export async function readShownAlerts(plane: ControlPlane): Promise<AlertsShown> {
  const stored = await plane.alerts.read();
  const { alerting } = plane.settings;
  const all = alerting.table.rules.map(({ id }) => id);
  const silence = plane.reach.silence();
  const outage = outageAlert(silence, alerting.table);
  if (stored.kind === "unavailable") {
    const items = outage === null ? [] : showAll([outage], new Map(), alerting);
    const unknown = { evaluatedAt: null, unmeasured: all, refused: null };
    return { kind: "alerts", items, judging: "unreachable", ...unknown };
  }
  const known = decodeAlerts(stored);
  const judging = judgingOf(known);
  const isCurrent = judging === "current";
  const kept =
    outage !== null && silence?.refusal ? new Map([...known.alerts, [OUTAGE_KEY, outage]]) : known.alerts;
  const items = showAll([...kept.values()], known.acks, alerting);
  return {
    kind: "alerts",
    items: isCurrent ? items : items.map((item) => ({ ...item, measured: false })),
    judging,
    evaluatedAt: known.last === null ? null : new Date(known.last.at).toISOString(),
    unmeasured: isCurrent ? (known.last?.unmeasured ?? []) : all,
    refused: isCurrent ? shownRefusal(known) : null,
  };
}

const shownRefusal = ({ last }: KnownAlerts): AlertsShown["refused"] =>
  last?.refused == null ? null : { ...last.refused, since: new Date(last.refused.since).toISOString() };

function judgingOf({ last, now }: KnownAlerts): Judging {
  if (last === null) return "not-begun";
  return now - last.at > LIMITS.alertJudgedWithin ? "stopped" : "current";
}

function showAll(alerts: readonly Alert[], acks: KnownAlerts["acks"], alerting: Alerting): ShownAlert[] {
  const rules = new Map(alerting.table.all.map((rule) => [rule.id, rule]));
  const shown = alerts.flatMap((alert) => {
    const rule = rules.get(alert.rule);
    return rule === undefined ? [] : [showAlert(alert, { rule, ack: acks.get(alert.id) ?? null, alerting })];
  });
  return shown.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

interface About {
  readonly rule: Rule;
  readonly ack: { readonly by: string; readonly at: number; readonly note: string | null } | null;
  readonly alerting: Alerting;
}

function showAlert(alert: Alert, { rule, ack, alerting }: About): ShownAlert {
  const { id, labels, phase, value, threshold, measured } = alert;
  return {
    ...{ id, rule: rule.id, title: rule.title, severity: rule.severity },
    ...{ state: phase.kind, since: new Date(phase.since).toISOString() },
    ...{ value, threshold, unit: rule.unit, summary: summaryOf(rule, alert), labels },
    runbook: runbookOf(rule.id, alerting.runbookBase),
    measured,
    acknowledged: ack === null ? null : { ...ack, at: new Date(ack.at).toISOString() },
  };
}

const RANK = { firing: 0, pending: 1, resolved: 2 } as const;
const NEWEST_FIRST = 9_999_999_999_999;

/** Texts in whose order alerts are listed. */
export const orderOf = ({ state, severity, since, id }: ShownAlert): string =>
  [RANK[state], severity === "page" ? 0 : 1, NEWEST_FIRST - Date.parse(since), id].join(".");

export interface ShownRule {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly unit: Unit;
  readonly comparison: Rule["comparison"];
  readonly threshold: number;
  readonly clear: number;
  readonly forSeconds: number;
  readonly clearForSeconds: number;
  readonly leastSample: number;
  readonly enabled: boolean;
  readonly runbook: string;
  /** By class, where thresholds differ from one to another. */
  readonly targets: Readonly<Record<string, number>> | null;
}

export const showRules = ({ table, runbookBase }: Alerting): ShownRule[] =>
  table.all.map((rule) => {
    const { id, title, severity, unit, comparison, threshold, clear, leastSample } = rule;
    return {
      ...{ id, title, severity, unit, comparison, threshold, clear, leastSample },
      forSeconds: rule.for / 1000,
      clearForSeconds: rule.clearFor / 1000,
      enabled: table.rules.includes(rule),
      runbook: runbookOf(id, runbookBase),
      targets: rule.prometheus.by === undefined ? null : table.targets,
    };
  });

export interface Acknowledging {
  readonly by: string;
  readonly note: string | null;
  /** Rejects where it is not to be. */
  readonly first: (alert: Alert) => Promise<unknown>;
}

export type AckOutcome =
  | { readonly kind: "acknowledged"; readonly alert: ShownAlert }
  /** There is no such alert, or it is of another spell. */
  | { readonly kind: "absent" }
  | { readonly kind: "not-firing"; readonly state: ShownAlert["state"] }
  | Unavailable;

/** Whoever does so last is named. What is done first is done only where there is something to acknowledge. */
export async function acknowledge(
  plane: ControlPlane,
  id: string,
  { by, note, first }: Acknowledging,
): Promise<AckOutcome> {
  const stored = await plane.alerts.read();
  if (stored.kind === "unavailable") return stored;
  const known = decodeAlerts(stored);
  const alert = [...known.alerts.values()].find((one) => one.id === id);
  if (alert === undefined) return { kind: "absent" };
  if (alert.phase.kind !== "firing") return { kind: "not-firing", state: alert.phase.kind };
  await first(alert);
  const ack = { by, at: known.now, note };
  const noted = await plane.alerts.acknowledge(id, encodeAck(ack));
  if (noted.kind === "unavailable") return noted;
  const [shown] = showAll([alert], new Map([[id, ack]]), plane.settings.alerting);
  return shown === undefined ? { kind: "absent" } : { kind: "acknowledged", alert: shown };
}
