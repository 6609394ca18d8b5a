// Has the alert rules evaluated now and then, keeps what came of it, and sees to it that their receiver hears of it.

import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { readFigures } from "../metrics/read-metrics.ts";
import { type Alerts, evaluate } from "./evaluate.ts";
import { OUTAGE_KEY, outageAlert } from "./outage.ts";
import { Records } from "./records.ts";
import {
  decodeAlerts,
  encodeAlert,
  encodeEvaluation,
  encodeTold,
  type KnownAlerts,
  type Told,
} from "./stored.ts";
import { Deliveries } from "./webhook/deliver.ts";
import { type Knowledge, spent } from "./webhook/news.ts";

/** What the owner of the beat keeps of the alerts; everything else is in Redis. */
export class AlertWatch {
  private readonly deliveries = new Deliveries();
  private readonly records = new Records();
  private evaluatedAt: Instant | null = null;
  /** What was told while nothing could be written down. */
  private readonly unwritten = new Map<string, Told>();
  /** As of the last evaluation. */
  private known: (Knowledge & { readonly at: Instant }) | null = null;
  private fails = false;

  /** With every beat, behind it: the receiver may take its time. */
  async run(plane: ControlPlane): Promise<void> {
    const now = plane.clock.now();
    if (this.evaluatedAt === null || elapsed(this.evaluatedAt, now) >= LIMITS.alertEvery) {
      this.evaluatedAt = now;
      const failed = await this.evaluate(plane);
      if (failed !== null && !this.fails) console.error(`the alert rules can't be judged: ${failed.reason}`);
      this.fails = failed !== null;
    }
    if (this.known !== null) await this.tell(plane, this.known);
  }

  private async evaluate(plane: ControlPlane): Promise<Unavailable | null> {
    const [stored, figures] = await Promise.all([
      plane.alerts.read(),
      readFigures(plane, LIMITS.alertWindow),
    ]);
    if (stored.kind === "unavailable" || figures.kind === "unavailable") {
      this.remember(plane, { ...this.withOutage(plane), now: plane.clock.wall() });
      return [stored, figures].find((read): read is Unavailable => read.kind === "unavailable") ?? null;
    }
    const known = decodeAlerts(stored);
    const before = withPastOutage(plane, { ...known, alerts: this.records.in(known.alerts) });
    const { table } = plane.settings.alerting;
    const { alerts, unmeasured } = evaluate({
      before,
      table,
      metrics: figures.figures,
      now: known.now,
      lastAt: known.last?.at ?? null,
    });
    const committed = await plane.alerts.commit({
      revision: known.revision,
      evaluation: encodeEvaluation({ at: known.now, unmeasured, refused: this.deliveries.refused() }),
      ...differences(known, alerts),
    });
    if (committed.kind === "unavailable") {
      this.remember(plane, { ...this.withOutage(plane), now: known.now });
      return committed;
    }
    plane.reach.wrote();
    // Somebody else's evaluation counts: the next one builds on it.
    if (committed.kind === "overtaken") return null;
    await this.records.record(plane, alerts);
    this.remember(plane, { ...known, alerts, told: new Map([...known.told, ...this.unwritten]) });
    return null;
  }

  private remember({ clock }: ControlPlane, known: Knowledge): void {
    this.known = { ...known, at: clock.now() };
  }

  /** What was known before, and that the log's database is silent, or takes no writes. */
  private withOutage({ reach, settings }: ControlPlane): Omit<Knowledge, "now"> {
    const before = this.known ?? { alerts: new Map(), acks: new Map(), told: this.unwritten };
    const silence = reach.silence();
    const outage = outageAlert(silence, settings.alerting.table);
    if (outage === null) return before;
    return { ...before, alerts: new Map([...before.alerts, [OUTAGE_KEY, outage]]) };
  }

  private async tell(plane: ControlPlane, known: Knowledge & { readonly at: Instant }): Promise<void> {
    if (plane.settings.alerting.webhook === null) return;
    const now = known.now + elapsed(known.at, plane.clock.now());
    const delivered = await this.deliveries.deliver(plane, { ...known, now });
    for (const [key, told] of delivered) this.unwritten.set(key, told);
    const told = new Map([...known.told, ...delivered]);
    const forgotten = spent({ ...known, told, now });
    for (const key of forgotten) told.delete(key);
    this.known = { ...known, told };
    if (this.unwritten.size === 0 && forgotten.length === 0) return;
    const texts = new Map([...this.unwritten].map(([key, one]) => [key, encodeTold(one)]));
    const noted = await plane.alerts.tell(texts, forgotten);
    // Otherwise the next beat tries again: at worst it is told once more.
    if (noted.kind === "noted") for (const key of texts.keys()) this.unwritten.delete(key);
  }
}

/**
 * An outage that is over by now was an alert all the same: it is cleared as any other. So is one that ends with this very
 * evaluation, where that is taken.
 */
function withPastOutage({ reach, settings }: ControlPlane, { alerts, last }: KnownAlerts): Alerts {
  const current = reach.silence();
  const silence = current?.refusal ? current : reach.past();
  const outage = outageAlert(silence, settings.alerting.table);
  if (silence === null || outage === null || outage.phase.kind !== "firing") return alerts;
  // Evaluated since, it has been taken in.
  if (last !== null && silence.until !== null && last.at >= silence.until) return alerts;
  const kept = alerts.get(OUTAGE_KEY);
  return kept?.id === outage.id ? alerts : new Map([...alerts, [OUTAGE_KEY, outage]]);
}

function differences(
  known: KnownAlerts,
  alerts: Alerts,
): { set: Map<string, string>; forget: string[]; forgetAcks: string[] } {
  const set = new Map<string, string>();
  for (const [key, alert] of alerts) {
    const text = encodeAlert(alert);
    const before = known.alerts.get(key);
    if (before === undefined || encodeAlert(before) !== text) set.set(key, text);
  }
  const ids = new Set([...alerts.values()].map(({ id }) => id));
  return {
    set,
    forget: [...known.alerts.keys()].filter((key) => !alerts.has(key)),
    forgetAcks: [...known.acks.keys()].filter((id) => !ids.has(id)),
  };
}
