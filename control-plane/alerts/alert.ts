// One alert as it is kept: which rule it is of, what of, and how it stands.

import type { AlertPhase } from "../../shared/core/alert.ts";
import { mix } from "../../shared/core/mix.ts";
import type { Labels } from "./shown-alert.ts";

/** How far an alert stands in the audit log: its beginning, or its end as well. */
export type Recorded = "firing" | "resolved";

export interface Alert {
  /** One spell of it: the next one is another. */
  readonly id: string;
  readonly rule: string;
  readonly labels: Labels;
  readonly phase: AlertPhase;
  /** As last measured. */
  readonly value: number | null;
  readonly threshold: number;
  /** Whether the last evaluation could tell anything of it. */
  readonly measured: boolean;
  readonly recorded: Recorded | null;
  /** What is known of this spell beside its value: `{said}` of the summary. */
  readonly said?: string | undefined;
}

/** What two spells of the same alert have in common. */
export const keyOf = (rule: string, labels: Labels): string =>
  [rule, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)].join("|");

/** As Alertmanager's: sixteen hexadecimal digits. Tells alerts apart for people and receivers, never for us. */
export function fingerprintOf(key: string): string {
  return [0, 1].map((seed) => mix(key, seed).toString(16).padStart(8, "0")).join("");
}

export const alertId = (rule: string, key: string, since: number): string =>
  `${rule}-${fingerprintOf(key).slice(0, 8)}-${since.toString(36)}`;
