// Writes ops/prometheus/tidegate.rules.yml from the control plane's own alert rules: `node scripts/prometheus-rules.ts`.

import { writeFileSync } from "node:fs";
import type { Rule } from "../control-plane/alerts/rule.ts";
import { RULES, TARGETS } from "../control-plane/alerts/rules.ts";
import { RUNBOOKS } from "../control-plane/alerts/settings.ts";
import type { Unit } from "../control-plane/alerts/shown-alert.ts";
import { alertName } from "../control-plane/alerts/webhook/message.ts";
import { runbookOf, withUnit } from "../control-plane/alerts/wording.ts";

const FILE = new URL("../ops/prometheus/tidegate.rules.yml", import.meta.url);
/** What an expression says for "any class", where each class has a threshold of its own. */
const ANY_CLASS = 'class=~".+"';

const VALUES: Readonly<Record<Unit, string>> = {
  ratio: "{{ $value | humanizePercentage }}",
  seconds: "{{ $value | humanizeDuration }}",
  "per-minute": "{{ $value | humanize }} a minute",
  count: "{{ $value | humanize }}",
};

if (import.meta.main) writeFileSync(FILE, prometheusRules());

export function prometheusRules(): string {
  const alerts = RULES.flatMap((rule) =>
    rule.prometheus.by === undefined
      ? [alertOf({ ...rule, ...rule.prometheus.instead }, { expressions: rule.prometheus, labels: [] })]
      : Object.entries(TARGETS).map(([name, threshold]) =>
          alertOf({ ...rule, threshold }, { expressions: ofClass(rule, name), labels: [`class: ${name}`] }),
        ),
  );
  return [
    "# Made from control-plane/alerts by `node scripts/prometheus-rules.ts`; over what `GET /metrics` exports.",
    "groups:",
    "  - name: tidegate",
    "    rules:",
    ...alerts,
    "",
  ].join("\n");
}

interface Expressions {
  readonly value: string;
  readonly sample?: string;
}

function ofClass({ prometheus: { value, sample } }: Rule, name: string): Expressions {
  const only = (text: string): string => text.replaceAll(ANY_CLASS, `class="${name}"`);
  return { value: only(value), ...(sample === undefined ? {} : { sample: only(sample) }) };
}

interface Given {
  readonly expressions: Expressions;
  /** Beside the severity. */
  readonly labels: readonly string[];
}

function alertOf(rule: Rule, { expressions, labels }: Given): string {
  const { threshold } = rule;
  const compared = `(${expressions.value}) ${rule.comparison === "above" ? ">=" : "<"} ${threshold}`;
  const enough =
    expressions.sample === undefined ? "" : ` and (${expressions.sample}) >= ${rule.leastSample}`;
  const lines = [
    `      - alert: ${alertName(rule.id)}`,
    `        expr: ${JSON.stringify(compared + enough)}`,
    ...(rule.for > 0 ? [`        for: ${rule.for / 1000}s`] : []),
    // In place of the second threshold: what comes and goes stays one alert.
    ...(rule.clearFor > 0 ? [`        keep_firing_for: ${rule.clearFor / 1000}s`] : []),
    "        labels:",
    `          severity: ${rule.severity}`,
    ...labels.map((label) => `          ${label}`),
    "        annotations:",
    `          title: ${JSON.stringify(rule.title)}`,
    `          summary: ${JSON.stringify(summaryTemplate(rule))}`,
    `          runbook_url: ${runbookOf(rule.id, RUNBOOKS)}`,
  ];
  return lines.join("\n");
}

function summaryTemplate(rule: Rule): string {
  return rule.summary.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === "value") return VALUES[rule.unit];
    return name === "threshold" ? withUnit(rule.threshold, rule.unit) : `{{ $labels.${name} }}`;
  });
}
