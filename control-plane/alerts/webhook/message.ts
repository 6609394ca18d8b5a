// News as Alertmanager's webhook tells them (version "4"), so that whatever takes its messages takes ours.

import { LIMITS } from "../../config.ts";
import { fingerprintOf } from "../alert.ts";
import type { Rule } from "../rule.ts";
import { runbookOf, summaryOf } from "../wording.ts";
import type { News, Noted } from "./news.ts";

export interface ToldAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  /** In the year 1 while it fires. */
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

export interface WebhookMessage {
  readonly version: "4";
  /** Names the incident: the same from its first message to its last. */
  readonly groupKey: string;
  readonly truncatedAlerts: number;
  readonly status: "firing" | "resolved";
  readonly receiver: "tidegate";
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly externalURL: string;
  readonly alerts: readonly ToldAlert[];
}

export interface Surroundings {
  /** Where people reach the control plane; empty where that is not known. */
  readonly externalUrl: string;
  readonly runbookBase: string;
}

/** As Go's zero time is written: not over yet. */
const NEVER = "0001-01-01T00:00:00Z";

/** `TidegateShardMemory` for `shard-memory`: as the Prometheus rules name them. */
export const alertName = (rule: string): string =>
  `Tidegate${rule.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}`;

export function messageOf(news: News, rule: Rule, around: Surroundings): WebhookMessage {
  // What fires comes first: of too many the ends are left out.
  const ordered = [...news.alerts].sort((a, b) => (a.state < b.state ? -1 : a.state > b.state ? 1 : 0));
  const alerts = ordered.slice(0, LIMITS.webhookAlerts).map((noted) => toldAlert(noted, rule, around));
  const groupLabels = { alertname: alertName(rule.id) };
  return {
    version: "4",
    groupKey: `{}:{alertname="${groupLabels.alertname}"}`,
    truncatedAlerts: ordered.length - alerts.length,
    status: news.alerts.some(({ state }) => state === "firing") ? "firing" : "resolved",
    receiver: "tidegate",
    groupLabels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: around.externalUrl,
    alerts,
  };
}

function toldAlert({ key, alert, state, ack }: Noted, rule: Rule, around: Surroundings): ToldAlert {
  const { phase } = alert;
  const startsAt = phase.kind === "resolved" ? phase.firedAt : phase.since;
  return {
    status: state,
    labels: { alertname: alertName(rule.id), severity: rule.severity, ...alert.labels },
    annotations: {
      title: rule.title,
      summary: summaryOf(rule, alert),
      runbook_url: runbookOf(rule.id, around.runbookBase),
      ...(ack === null ? {} : { acknowledged_by: ack.by }),
    },
    startsAt: new Date(startsAt).toISOString(),
    endsAt: phase.kind === "resolved" ? new Date(phase.since).toISOString() : NEVER,
    generatorURL: around.externalUrl === "" ? "" : `${around.externalUrl}/alerts/rules`,
    fingerprint: fingerprintOf(key),
  };
}

function common(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((other) => other[name] === value)),
  );
}
