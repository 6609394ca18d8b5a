// Alerts, acknowledgements and what was told of them, as texts in Redis and as objects.

import { z } from "zod";
import type { StoredAlerts, Texts } from "../../shared/mid-tier/alerts.ts";
import { parseJson } from "../../shared/wire/json.ts";
import type { Alert } from "./alert.ts";
import type { Alerts } from "./evaluate.ts";

const at = z.number();
const phaseSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pending"), since: at, judgedAt: at, held: z.boolean() }),
  z.object({ kind: z.literal("firing"), since: at, judgedAt: at, clearSince: at.nullable() }),
  z.object({
    kind: z.literal("resolved"),
    ...{ since: at, firedAt: at, why: z.enum(["clear", "gone", "unmeasured"]) },
  }),
]);

const alertSchema = z.object({
  id: z.string(),
  rule: z.string(),
  labels: z.record(z.string(), z.string()),
  phase: phaseSchema,
  value: z.number().nullable(),
  threshold: z.number(),
  measured: z.boolean(),
  // Releases before did not say: what they have recorded is recorded once all the same.
  recorded: z.enum(["firing", "resolved"]).nullable().default(null),
  said: z.string().optional(),
}) satisfies z.ZodType<Alert>;

const ackSchema = z.object({ by: z.string(), at, note: z.string().nullable() });
export type Ack = z.infer<typeof ackSchema>;

const toldSchema = z.object({ state: z.enum(["firing", "resolved"]), at, alert: alertSchema });
/** What the receiver was told of an alert last, and when. */
export type Told = z.infer<typeof toldSchema>;

const refusalSchema = z.object({ since: at, reason: z.string() });
/** Since when the receiver takes no message, and why not the last one. */
export type ReceiverRefusal = z.infer<typeof refusalSchema>;

const evaluationSchema = z.object({
  at,
  unmeasured: z.array(z.string()).readonly(),
  refused: refusalSchema.nullable().default(null),
});
export type LastEvaluation = z.infer<typeof evaluationSchema>;

export interface KnownAlerts {
  readonly now: number;
  readonly revision: string;
  readonly last: LastEvaluation | null;
  readonly alerts: Alerts;
  /** By the alert's id. */
  readonly acks: ReadonlyMap<string, Ack>;
  /** By the alert's key. */
  readonly told: ReadonlyMap<string, Told>;
}

/** What can't be read was written by another release: it is left out, and comes anew. */
export const decodeAlerts = (stored: StoredAlerts): KnownAlerts => ({
  now: stored.now,
  revision: stored.revision,
  last: stored.evaluation === null ? null : decode(evaluationSchema, stored.evaluation),
  alerts: decodeAll(alertSchema, stored.alerts),
  acks: decodeAll(ackSchema, stored.acks),
  told: decodeAll(toldSchema, stored.told),
});

export const encodeAlert = (alert: Alert): string => JSON.stringify(alert);
export const encodeAck = (ack: Ack): string => JSON.stringify(ack);
export const encodeTold = (told: Told): string => JSON.stringify(told);
export const encodeEvaluation = (evaluation: LastEvaluation): string => JSON.stringify(evaluation);

function decodeAll<T>(schema: z.ZodType<T>, texts: Texts): Map<string, T> {
  const decoded = new Map<string, T>();
  for (const [key, text] of texts) {
    const value = decode(schema, text);
    if (value !== null) decoded.set(key, value);
  }
  return decoded;
}

const decode = <T>(schema: z.ZodType<T>, text: string): T | null =>
  schema.safeParse(parseJson(text)).data ?? null;
