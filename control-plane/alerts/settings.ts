// What the environment says of alerts: the rules' terms, who is told of them, and where people find more.

import type { Fault } from "../../shared/wire/json.ts";
import { readUrl } from "../configuration/url-variable.ts";
import { type AlertTable, DEFAULT_ALERTS, readAlerts } from "./overrides.ts";

export interface Alerting {
  readonly table: AlertTable;
  /** Null tells nobody. `secret` null signs nothing. */
  readonly webhook: { readonly url: string; readonly secret: string | null } | null;
  /** A URL, or a path of the repository. */
  readonly runbookBase: string;
  /** Where people reach the control plane; empty where that is not known. */
  readonly externalUrl: string;
}

export interface AlertEnvironment {
  /** JSON: other terms for rules, and the classes' targets. */
  readonly ALERTS?: string;
  readonly ALERT_WEBHOOK_URL?: string;
  readonly ALERT_WEBHOOK_SECRET?: string;
  readonly RUNBOOK_BASE?: string;
  /** Where people reach the control plane: messages link there. */
  readonly EXTERNAL_URL?: string;
}

export const RUNBOOKS = "ops/runbooks";

export function readAlerting(env: AlertEnvironment, faults: string[]): Alerting {
  const text = env.ALERTS ?? "";
  const read = readAlerts(text === "" ? "{}" : text);
  if (read.kind === "invalid") faults.push(...read.faults.map(inAlerts));
  const url = readUrl(env, "ALERT_WEBHOOK_URL", faults);
  const secret = env.ALERT_WEBHOOK_SECRET ?? "";
  return {
    table: read.kind === "table" ? read.table : DEFAULT_ALERTS,
    webhook: url === "" ? null : { url, secret: secret === "" ? null : secret },
    runbookBase: (env.RUNBOOK_BASE ?? "") === "" ? RUNBOOKS : (env.RUNBOOK_BASE ?? ""),
    externalUrl: readUrl(env, "EXTERNAL_URL", faults).replace(/\/+$/, ""),
  };
}

const inAlerts = ({ pointer, message }: Fault): string => `ALERTS${pointer && `: ${pointer}`} ${message}`;
