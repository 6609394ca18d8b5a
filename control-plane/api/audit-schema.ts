// The shapes of `/audit`, `/deployments` and `/markers`.

import { z } from "@hono/zod-openapi";
import { parseDuration } from "../../shared/wire/duration.ts";
import { identifier } from "../../shared/wire/policy.ts";
import { line, nameLine } from "../../shared/wire/text.ts";
import { AUDIT_ACTIONS, AUDIT_FAMILIES } from "../audit-log/actions.ts";
import { MARKER_KINDS } from "../audit-log/markers.ts";
import { LIMITS } from "../config.ts";
import { limitOr } from "./paging.ts";

const RESULTS = ["accepted", "done", "refused", "failed"] as const;

const fact = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

export const recordSchema = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    actor: z.string(),
    token: z.string().nullable().openapi({ description: "The token's id; null where the system acted." }),
    from: z
      .string()
      .nullable()
      .openapi({ description: "The client's address; null where the runtime does not vouch for one." }),
    action: z.string(),
    site: z.string().nullable(),
    detail: z.record(z.string(), fact),
    result: z.enum(RESULTS),
    position: z
      .string()
      .nullable()
      .openapi({ description: "Of the log, where an entry was written with it." }),
    requestId: z.string().nullable(),
    hash: z.string(),
  })
  .openapi("AuditRecord");

export const recordListSchema = z
  .object({ items: z.array(recordSchema), nextCursor: z.string().nullable() })
  .openapi("AuditRecords", { description: "A page may hold fewer than asked for, and still have a next." });

/** A duration back from now, or a date. */
const moment = z
  .string()
  .refine((text) => parseDuration(text) !== null || isDate(text), "must be a duration such as 24h, or a date")
  .openapi({ example: "24h" });

const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text));

/** Milliseconds since 1970. */
export function momentOf(text: string, now: number): number {
  const span = parseDuration(text);
  return span === null ? Date.parse(text) : now - span;
}

export const auditQuery = z.strictObject({
  actor: z.string().max(256).optional(),
  action: z
    .enum([...AUDIT_ACTIONS, ...AUDIT_FAMILIES])
    .optional()
    .openapi({ description: "`policy.put`, or `policy` for all that is done to policies." }),
  site: identifier.optional(),
  result: z.enum(RESULTS).optional(),
  since: moment.optional(),
  limit: limitOr(`${LIMITS.page}; as CSV ${LIMITS.auditCsv}`),
  cursor: z
    .string()
    .regex(/^\d{1,16}$/, "is not one that a page ended with")
    .optional(),
  format: z.enum(["json", "csv"]).optional(),
});

const breach = z.object({ foundAt: z.iso.datetime(), from: z.int(), to: z.int() });

export const verdictSchema = z
  .object({
    holds: z.boolean(),
    from: z.int().nullable(),
    to: z.int().nullable(),
    records: z.int(),
    firstBad: z.object({ seq: z.int(), reason: z.string() }).optional(),
    earlier: z
      .int()
      .openapi({ description: "Records of an older form that the chain goes on from, unverified." }),
    breaches: z
      .array(breach)
      .openapi({ description: "Losses that were found before, of records of that time." }),
  })
  .openapi("AuditVerdict");

export const newDeploymentSchema = z
  .strictObject({
    version: nameLine(100),
    site: identifier.optional(),
    note: line(LIMITS.reason).min(1).optional(),
    url: z
      .string()
      .max(2000)
      // In a JSON Schema a pattern has no flags.
      .regex(/^[Hh][Tt]{2}[Pp][Ss]?:\/\/[^\s@]+$/, {
        error: "must be an http(s) URL, without credentials",
        abort: true,
      })
      .refine((text) => URL.canParse(text), "must be an http(s) URL")
      .optional(),
  })
  .openapi("NewDeployment");

export const deploymentSchema = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    version: z.string(),
    site: z.string().nullable(),
    note: z.string().nullable(),
    url: z.string().nullable(),
    actor: z.string(),
  })
  .openapi("Deployment");

export const deploymentListSchema = z
  .object({ items: z.array(deploymentSchema), nextCursor: z.string().nullable() })
  .openapi("Deployments");

export const markersSchema = z
  .object({
    items: z.array(
      z.object({
        at: z.iso.datetime(),
        kind: z.enum(MARKER_KINDS),
        text: z.string(),
        link: z
          .string()
          .nullable()
          .openapi({ description: "A path of this API, or a deployment's own URL." }),
      }),
    ),
    completeSince: z.iso.datetime().nullable().openapi({
      description: "From when on no mark is missing; null where that is the whole window.",
    }),
  })
  .openapi("Markers");
