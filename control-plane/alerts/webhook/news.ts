// What the alerts' receiver has yet to be told, rule by rule: worked out from what it was told last. Pure.

import { LIMITS } from "../../config.ts";
import type { Alert } from "../alert.ts";
import type { Alerts } from "../evaluate.ts";
import type { Ack, Told } from "../stored.ts";

export interface Noted {
  readonly key: string;
  readonly alert: Alert;
  readonly state: "firing" | "resolved";
  readonly ack: Ack | null;
}

/** All of one rule that fires, and what of it is over since it was told: one message. */
export interface News {
  readonly rule: string;
  readonly alerts: readonly Noted[];
}

export interface Knowledge {
  readonly alerts: Alerts;
  readonly acks: ReadonlyMap<string, Ack>;
  readonly told: ReadonlyMap<string, Told>;
  readonly now: number;
}

export function newsIn(known: Knowledge): News[] {
  const keys = new Set([...known.alerts.keys(), ...known.told.keys()]);
  const rules = new Map<string, Noted[]>();
  const urgent = new Set<string>();
  for (const key of [...keys].sort()) {
    const noted = notedOf(key, known);
    if (noted === null) continue;
    const { rule } = noted.alert;
    rules.set(rule, [...(rules.get(rule) ?? []), noted]);
    if (isDue(noted, known)) urgent.add(rule);
  }
  return [...rules].flatMap(([rule, alerts]) => (urgent.has(rule) ? [{ rule, alerts }] : []));
}

/** Null where there is nothing to say of it. */
function notedOf(key: string, { alerts, acks, told, now }: Knowledge): Noted | null {
  const [alert, last] = [alerts.get(key), told.get(key)];
  if (alert?.phase.kind === "firing") return { key, alert, state: "firing", ack: acks.get(alert.id) ?? null };
  // A spell that nobody was told of is told when it is over: its receiver was away.
  if (alert?.phase.kind === "resolved" && last?.alert.id !== alert.id)
    return { key, alert, state: "resolved", ack: null };
  if (last?.state !== "firing") return null;
  return {
    key,
    alert: alert?.id === last.alert.id ? alert : ended(last.alert, now),
    state: "resolved",
    ack: null,
  };
}

/** One that is no longer kept, or has come again and does not fire yet. */
function ended(alert: Alert, now: number): Alert {
  const { phase } = alert;
  if (phase.kind === "resolved") return alert;
  return { ...alert, phase: { kind: "resolved", since: now, firedAt: phase.since, why: "clear" } };
}

function isDue({ key, alert, state, ack }: Noted, { told, now }: Knowledge): boolean {
  if (state === "resolved") return true;
  // Whoever has acknowledged it knows of it.
  if (ack !== null) return false;
  const last = told.get(key);
  return last?.alert.id !== alert.id || last.state !== "firing" || now - last.at >= LIMITS.webhookRepeat;
}

/** What need not be remembered any more of what was told: it is over, and so is what told it apart. */
export const spent = ({ alerts, told, now }: Knowledge): string[] =>
  [...told].flatMap(([key, last]) => {
    const isOver = last.state === "resolved" && !alerts.has(key);
    return isOver || now - last.at >= LIMITS.webhookToldKept ? [key] : [];
  });
