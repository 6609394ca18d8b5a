// What the environment says of the alert rules: other thresholds, other targets, rules that are off.

import { z } from "zod";
import { seconds } from "../../shared/core/units.ts";
import { readText } from "../../shared/wire/faults.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { Rule, Targets } from "./rule.ts";
import { RULES, TARGETS } from "./rules.ts";

export interface AlertTable {
  /** With those that are off. */
  readonly all: readonly Rule[];
  /** Those in force. */
  readonly rules: readonly Rule[];
  readonly targets: Targets;
}

export type ReadAlerts =
  | { readonly kind: "table"; readonly table: AlertTable }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] };

export const DEFAULT_ALERTS: AlertTable = { all: RULES, rules: RULES, targets: TARGETS };

const span = z.number().min(0).max(86_400);
const overrideSchema = z.strictObject({
  enabled: z.boolean().optional(),
  threshold: z.number().optional(),
  clear: z.number().optional(),
  forSeconds: span.optional(),
  clearForSeconds: span.optional(),
  leastSample: z.number().int().min(1).max(1_000_000_000).optional(),
  severity: z.enum(["page", "ticket"]).optional(),
});
type Override = z.infer<typeof overrideSchema>;

const names = RULES.map(({ id }) => id);
const schema = z
  .strictObject({
    ...Object.fromEntries(names.map((id) => [id, overrideSchema.optional()])),
    targets: z.record(z.string().min(1).max(64), z.number().gt(0).max(1)).optional(),
  })
  .superRefine((given, context) => {
    for (const base of RULES) {
      const override = (given as Record<string, Override | undefined>)[base.id];
      if (override === undefined) continue;
      for (const { field, message } of contradictions(base, override))
        context.addIssue({ code: "custom", path: [base.id, field], message });
    }
  });

/** `{"shard-memory": {"threshold": 0.8, "clear": 0.7}, "lease-waits": {"enabled": false}, "targets": {"hot": 0.95}}` */
export function readAlerts(text: string): ReadAlerts {
  const read = readText(schema, text);
  if (read.kind === "invalid") return read;
  const { targets, ...overrides } = read.value;
  const of = overrides as Readonly<Record<string, Override | undefined>>;
  const all = RULES.map((base) => changed(base, of[base.id] ?? {}));
  const rules = all.filter(({ id }) => of[id]?.enabled !== false);
  return { kind: "table", table: { all, rules, targets: { ...TARGETS, ...targets } } };
}

function changed(base: Rule, override: Override): Rule {
  const { forSeconds, clearForSeconds } = override;
  return {
    ...base,
    threshold: override.threshold ?? base.threshold,
    clear: clearOf(base, override),
    for: forSeconds === undefined ? base.for : seconds(forSeconds),
    clearFor: clearForSeconds === undefined ? base.clearFor : seconds(clearForSeconds),
    leastSample: override.leastSample ?? base.leastSample,
    severity: override.severity ?? base.severity,
  };
}

/** Where only the threshold is said, the two stay in the same proportion. */
function clearOf(base: Rule, { threshold = base.threshold, clear }: Override): number {
  if (clear !== undefined) return clear;
  return base.threshold === 0 ? base.clear : (base.clear * threshold) / base.threshold;
}

interface Contradiction {
  readonly field: "threshold" | "clear";
  readonly message: string;
}

function contradictions(base: Rule, override: Override): Contradiction[] {
  if (base.id === "hit-rate" && override.threshold !== undefined)
    return [{ field: "threshold", message: "is one for each class: it is said in /targets" }];
  const { threshold = base.threshold } = override;
  const clear = clearOf(base, override);
  const [isWrong, where] =
    base.comparison === "above" ? [clear > threshold, "above"] : [clear < threshold, "below"];
  return isWrong
    ? [{ field: "clear", message: `must not be ${where} the threshold: it would fire and be well at once` }]
    : [];
}
