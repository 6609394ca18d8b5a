// Tells the alerts' receiver what is new until it has taken it: at least once each, and no more often than it can bear.

import { type Instant, later, type Millis, millis } from "../../../shared/core/units.ts";
import { LIMITS } from "../../config.ts";
import type { ControlPlane } from "../../control-plane.ts";
import type { ReceiverRefusal, Told } from "../stored.ts";
import { messageOf } from "./message.ts";
import { type Knowledge, type News, newsIn } from "./news.ts";
import { signWebhook, WEBHOOK_SIGNATURE } from "./sign.ts";

export type DeliveryPorts = Pick<ControlPlane, "http" | "digest" | "clock" | "random" | "settings">;

/** What the receiver has taken, by the alerts' keys. */
export type Delivered = ReadonlyMap<string, Told>;

export class Deliveries {
  private failures = 0;
  private refusal: ReceiverRefusal | null = null;
  private retryAt: Instant | null = null;

  /** One message after another, as far as the receiver takes them: what is left is news the next time. */
  async deliver(plane: DeliveryPorts, known: Knowledge): Promise<Delivered> {
    const delivered = new Map<string, Told>();
    if (plane.settings.alerting.webhook === null || this.isWaiting(plane.clock.now())) return delivered;
    for (const news of newsIn(known)) {
      const reason = await send(plane, news);
      if (reason !== null) {
        this.failed(plane, reason);
        break;
      }
      this.succeeded();
      for (const { key, alert, state } of news.alerts) delivered.set(key, { state, at: known.now, alert });
    }
    return delivered;
  }

  /** Null while the receiver takes what it is told, as far as that is known. */
  refused(): ReceiverRefusal | null {
    return this.refusal;
  }

  private isWaiting(now: Instant): boolean {
    return this.retryAt !== null && now < this.retryAt;
  }

  private failed({ clock, random }: DeliveryPorts, reason: string): void {
    this.refusal = { since: this.refusal?.since ?? clock.wall(), reason };
    if (this.failures === 0) console.error(`the alerts' receiver did not take a message: ${reason}`);
    this.retryAt = later(clock.now(), backoff(this.failures, random.unit()));
    this.failures += 1;
  }

  private succeeded(): void {
    if (this.failures > 0) console.error("the alerts' receiver takes messages again");
    this.failures = 0;
    this.refusal = null;
    this.retryAt = null;
  }
}

/** Doubled each time, half of it by chance. */
export function backoff(failures: number, unit: number): Millis {
  const span = Math.min(LIMITS.webhookBackoff * 2 ** Math.min(failures, 20), LIMITS.webhookBackoffMost);
  return millis(span / 2 + (span / 2) * unit);
}

/** Null where it was taken, or concerns a rule that there is no more; else why not. */
async function send(plane: DeliveryPorts, news: News): Promise<string | null> {
  const { webhook, table, ...around } = plane.settings.alerting;
  const rule = table.all.find(({ id }) => id === news.rule);
  if (webhook === null || rule === undefined) return null;
  const body = JSON.stringify(messageOf(news, rule, around));
  const headers: Record<string, string> = { "content-type": "application/json", "user-agent": "tidegate" };
  if (webhook.secret !== null) {
    const by = { secret: webhook.secret, digest: plane.digest, wall: plane.clock.wall() };
    headers[WEBHOOK_SIGNATURE] = await signWebhook(body, by);
  }
  const answer = await plane.http.send(
    { method: "POST", url: webhook.url, headers, body },
    LIMITS.webhookDeadline,
  );
  if (answer.kind === "unreachable") return answer.reason;
  return answer.status >= 200 && answer.status < 300 ? null : `it answered ${answer.status}`;
}
