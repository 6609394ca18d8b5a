// Edges' answers to the control plane, parsed once: an answer that can't be read is no answer.

import * as z from "zod";
import { auditBatchSchema } from "./audit.ts";
import { counterReportSchema } from "./counter-report.ts";
import { hotBatchSchema } from "./hot.ts";
import type { Acknowledgement, EstimateReply, StatusReport, WarmReply } from "./internal.ts";
import { parseJson } from "./json.ts";
import { observedBatchSchema } from "./observed.ts";
import { positionSchema } from "./position.ts";
import { tailBatchSchema } from "./request-tail.ts";

const position = positionSchema.nullable();

const acknowledgementSchema = z.object({ edge: z.string(), position });

const statusSchema = z.object({
  edge: z.string(),
  position,
  boot: z.string().min(1).max(128),
  region: z.string().max(64),
  version: z.string().max(64).nullable().catch(null),
  aliveMs: z.number().nonnegative().catch(0),
  knownAgeMs: z.number().nonnegative().nullable(),
  memoryBytes: z.number().nonnegative(),
  memoryEntries: z.number().nonnegative(),
  counters: z.record(z.string(), z.number().nonnegative()),
  told: counterReportSchema.nullable().catch(null),
  // Samples that can't be read must not cost the figures beside them.
  audit: auditBatchSchema.nullable().catch(null),
  hot: hotBatchSchema.nullable().catch(null),
  observed: observedBatchSchema.nullable().catch(null),
  tail: tailBatchSchema.nullable().catch(null),
  distinct: z.record(z.string(), z.string()).nullable().catch(null),
  tookMs: z.number().nonnegative().catch(0),
});

const count = z.number().int().nonnegative();
const estimateSchema = z.object({
  edge: z.string(),
  entries: count,
  bytes: count,
  sampled: count,
  of: count,
});

const warmReplySchema = z.object({
  edge: z.string(),
  position,
  results: z.array(
    z.object({
      url: z.string(),
      status: z.number(),
      result: z.enum(["stored", "held", "not-stored", "failed", "later"]),
    }),
  ),
});

export const decodeAcknowledgement = (text: string): Acknowledgement | null =>
  acknowledgementSchema.safeParse(parseJson(text)).data ?? null;

export const decodeStatus = (text: string): StatusReport | null =>
  statusSchema.safeParse(parseJson(text)).data ?? null;

export const decodeEstimate = (text: string): EstimateReply | null =>
  estimateSchema.safeParse(parseJson(text)).data ?? null;

export const decodeWarmReply = (text: string): WarmReply | null =>
  warmReplySchema.safeParse(parseJson(text)).data ?? null;
