// That alerts begin and end, in the audit log: what could not be recorded when it came about is recorded later.

import { record } from "../audit-log/record.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Alert, Recorded } from "./alert.ts";
import type { Alerts } from "./evaluate.ts";

export class Records {
  /** By the alert's id: what was recorded since the alert was stored. */
  private readonly done = new Map<string, Recorded>();
  /** What stderr was told of: `state id`. */
  private readonly said = new Set<string>();

  /** Alerts as they are stored, with what was recorded since. */
  in(stored: Alerts): Alerts {
    const ids = new Set([...stored.values()].map(({ id }) => id));
    for (const id of this.done.keys()) if (!ids.has(id)) this.done.delete(id);
    for (const line of this.said) if (!ids.has(line.slice(line.indexOf(" ") + 1))) this.said.delete(line);
    return new Map([...stored].map(([key, alert]) => [key, this.withDone(alert)]));
  }

  /** Known by its spell: what is tried again, here or by another isolate, is recorded once. */
  async record(plane: ControlPlane, alerts: Alerts): Promise<void> {
    for (const alert of alerts.values())
      for (const state of unrecorded(alert)) {
        if (!(await this.recordOne(plane, alert, state))) break;
        this.done.set(alert.id, state);
      }
  }

  private withDone(alert: Alert): Alert {
    const done = this.done.get(alert.id);
    // Another isolate may have got further.
    return done === undefined || alert.recorded === "resolved" ? alert : { ...alert, recorded: done };
  }

  private async recordOne(plane: ControlPlane, alert: Alert, state: Recorded): Promise<boolean> {
    const { id, rule, labels, value } = alert;
    const line = `${state} ${id}`;
    const isNews = !this.said.has(line);
    this.said.add(line);
    if (isNews) console.error(wordsOf(alert, state));
    const action = state === "firing" ? "alert.fire" : "alert.clear";
    const operation = { id, requestDigest: "-" };
    const detail = { alert: id, rule, ...labels, ...(value === null ? {} : { value }) };
    const { kind } = await record(plane, { action, detail }, { actor: "control-plane", operation });
    if (kind !== "appended" && isNews) console.error(`${action} of ${id} is not recorded yet: ${kind}`);
    return kind === "appended";
  }
}

function unrecorded({ phase, recorded }: Alert): readonly Recorded[] {
  if (phase.kind === "pending" || phase.kind === recorded) return [];
  return phase.kind === "resolved" && recorded === null ? ["firing", "resolved"] : [phase.kind];
}

const wordsOf = ({ rule, labels }: Alert, state: Recorded): string =>
  `alert ${state}: ${[rule, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)].join(" ")}`;
