// Alerts and alert rules as the API shows them.

import { z } from "@hono/zod-openapi";
import { line } from "../../shared/wire/text.ts";
import { JUDGING } from "../alerts/show-alerts.ts";
import { LIMITS } from "../config.ts";

const severity = z.enum(["page", "ticket"]).openapi({
  description: "`page`: somebody has to get up. `ticket`: somebody has to look in working hours.",
});
const unit = z.enum(["ratio", "seconds", "per-minute", "count"]);

export const alertSchema = z
  .object({
    id: z.string().openapi({ description: "Of one spell of it: the next one is another." }),
    rule: z.string(),
    title: z.string(),
    severity,
    state: z.enum(["pending", "firing", "resolved"]),
    since: z.iso.datetime().openapi({ description: "When that state began." }),
    value: z.number().nullable().openapi({ description: "As last measured." }),
    threshold: z.number(),
    unit,
    summary: z.string(),
    labels: z
      .record(z.string(), z.string())
      .openapi({ description: "The class, site, shard or edge that it is of." }),
    runbook: z.string().openapi({ description: "A path of the repository, or a URL (`RUNBOOK_BASE`)." }),
    measured: z
      .boolean()
      .openapi({ description: "False: nothing could be measured lately, and it stays what it was." }),
    acknowledged: z.object({ by: z.string(), at: z.iso.datetime(), note: z.string().nullable() }).nullable(),
  })
  .openapi("Alert");

export const alertsSchema = z
  .object({
    items: z.array(alertSchema).openapi({ description: "Firing, then pending, then resolved ones." }),
    nextCursor: z.string().nullable(),
    judging: z.enum(JUDGING).openapi({
      description:
        "Whether the rules are judged: `stopped`, not for more than 30 s; `not-begun`, never yet; `unreachable`, the log's database does not answer. Only where it is `current` does it mean anything that nothing fires.",
    }),
    evaluatedAt: z.iso.datetime().nullable().openapi({
      description:
        "Of the last evaluation; null where there was none, or the log's database does not answer.",
    }),
    unmeasured: z.array(z.string()).openapi({
      description:
        "Rules of which nothing could be measured then, all where they are not judged: neither well nor ill.",
    }),
    refused: z.object({ since: z.iso.datetime(), reason: z.string() }).nullable().openapi({
      description:
        "Since when the receiver (`ALERT_WEBHOOK_URL`) takes no message, and why not; null where it takes them, where there is none, and where that is not known.",
    }),
  })
  .openapi("Alerts");

export const ackSchema = z
  .strictObject({ note: line(LIMITS.alertNote).optional() })
  .openapi("AlertAcknowledgement");

export const rulesSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        severity,
        unit,
        comparison: z.enum(["above", "below"]),
        threshold: z.number().openapi({ description: "It fires at it or beyond; `below`: under it." }),
        clear: z.number().openapi({ description: "Well again from here on." }),
        forSeconds: z.number(),
        clearForSeconds: z.number(),
        leastSample: z.number(),
        enabled: z.boolean(),
        runbook: z.string(),
        targets: z
          .record(z.string(), z.number())
          .nullable()
          .openapi({ description: "Thresholds by class, where each has its own." }),
      }),
    ),
    nextCursor: z.null(),
  })
  .openapi("AlertRules");
