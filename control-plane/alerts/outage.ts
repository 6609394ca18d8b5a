// The alert that no database has to keep: that the one of the log does not answer.

import { seconds } from "../../shared/core/units.ts";
import { type Alert, alertId, keyOf } from "./alert.ts";
import type { AlertTable } from "./overrides.ts";
import type { Silence } from "./reachability.ts";
import { MID_TIER_UNREACHABLE } from "./rules/mid-tier.ts";

export const OUTAGE_KEY = keyOf(MID_TIER_UNREACHABLE, {});

const UNANSWERED = "has not answered the control plane";

/** As it stood at the end of the silence, where that has ended. Null where there was none, it was too short, or the rule is off. */
export function outageAlert(silence: Silence | null, { rules }: AlertTable): Alert | null {
  const rule = rules.find(({ id }) => id === MID_TIER_UNREACHABLE);
  if (rule === undefined || silence === null) return null;
  const { threshold } = rule;
  const firesAfter = seconds(threshold) + rule.for;
  const isFiring = silence.lasted >= firesAfter;
  if (!isFiring && silence.until !== null) return null;
  const since = isFiring ? silence.since + firesAfter : silence.since;
  const judgedAt = silence.since + silence.lasted;
  return {
    id: alertId(rule.id, OUTAGE_KEY, silence.since),
    ...{ rule: rule.id, labels: {}, threshold, value: silence.lasted / 1000, measured: true },
    said: silence.refusal === null ? UNANSWERED : `has taken no writes (${silence.refusal})`,
    recorded: null,
    phase: isFiring
      ? { kind: "firing", since, judgedAt, clearSince: null }
      : { kind: "pending", since, judgedAt, held: false },
  };
}
