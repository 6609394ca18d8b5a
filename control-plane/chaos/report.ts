// A report as it comes from the agent and as Redis keeps it: read by schema, and never larger than somebody would look at.

import { z } from "zod";
import type { ReportTexts } from "../../shared/mid-tier/experiments.ts";
import {
  type ChaosOrder,
  type ChaosReport,
  DIRECTIONS,
  EXPERIMENTS,
  PARTITIONS,
} from "../../shared/wire/chaos.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";

export const STATES = ["running", "passed", "failed", "aborted"] as const;
export const PHASES = ["preparing", "steady", "fault", "recovery", "verifying", "over"] as const;

const text = z.string().max(LIMITS.chaosText);
const name = z.string().min(1).max(64);
const count = z.int().min(0);
/** What a calendar holds. */
const moment = z.number().min(0).max(8.64e15);

const verdictSchema = z.object({
  name,
  text,
  holds: z.boolean(),
  measured: z.number().nullable(),
  limit: z.number(),
  comparison: z.enum(["at-most", "at-least"]),
  unit: name,
});

const secondSchema = z.object({
  second: count.max(86_400),
  phase: z.enum(PHASES),
  ...{ requests: count, hits: count, errors: count, originRequests: count },
  p99Ms: z.number().min(0).nullable(),
});

const aborterSchema = z.object({
  ...{ actor: text, token: text.nullable(), from: text.nullable(), requestId: text },
});

const headSchema = z.object({
  id: z.string().regex(/^[\w-]{1,100}$/),
  experiment: z.enum(EXPERIMENTS),
  target: name.nullable(),
  seed: count,
  state: z.enum(STATES),
  phase: z.enum(PHASES),
  from: z.enum(PARTITIONS).optional(),
  arrives: z.enum(DIRECTIONS).optional(),
  startedAt: moment,
  endedAt: moment.nullable(),
  durationMs: count,
  hypothesis: text,
  verdicts: z.array(verdictSchema).max(LIMITS.chaosVerdicts),
  problem: text.nullable(),
  abortedBy: aborterSchema.optional(),
});

const courseSchema = z.object({
  timeline: z.array(secondSchema).max(LIMITS.chaosSeconds),
  events: z.array(z.object({ at: moment, text })).max(LIMITS.chaosEvents),
});

const reportSchema = headSchema.extend(courseSchema.shape);

export type ReportHead = Omit<ChaosReport, "timeline" | "events">;
export type ReadReport =
  | { readonly kind: "report"; readonly report: ChaosReport }
  | { readonly kind: "invalid"; readonly error: z.ZodError };

export function readReport(body: string): ReadReport {
  const parsed = reportSchema.safeParse(parseJson(body));
  return parsed.success
    ? { kind: "report", report: defined(parsed.data) }
    : { kind: "invalid", error: parsed.error };
}

/** One that was aborted says so at once, and is over when it is healed and written down. */
export const isOver = ({
  state,
  endedAt,
}: {
  readonly state: ChaosReport["state"];
  readonly endedAt: number | string | null;
}): boolean => state !== "running" && endedAt !== null;

export function reportTexts({ timeline, events, ...head }: ChaosReport): ReportTexts {
  return { head: JSON.stringify(head), course: JSON.stringify({ timeline, events }) };
}

/** Null where it is not one of ours any more: an older release's, say. */
export function readHead(head: string): ReportHead | null {
  const parsed = headSchema.safeParse(parseJson(head));
  return parsed.success ? defined(parsed.data) : null;
}

export function readTexts({ head, course }: ReportTexts): ChaosReport | null {
  const read = readHead(head);
  if (read === null) return null;
  const went = courseSchema.safeParse(parseJson(course));
  return { ...read, timeline: went.data?.timeline ?? [], events: went.data?.events ?? [] };
}

/** Of one that was just ordered, before anybody has begun it. */
export const orderedReport = ({ id, ...order }: ChaosOrder, startedAt: number): ChaosReport => ({
  ...{ id, ...order, state: "running", phase: "preparing", startedAt, endedAt: null },
  ...{ hypothesis: "", verdicts: [], timeline: [], events: [], problem: null },
});

/** Ended for want of anybody who would: what is known of it stays. */
export const abortedReport = (
  report: ChaosReport,
  { problem, at }: { readonly problem: string; readonly at: number },
): ChaosReport => ({ ...report, state: "aborted", phase: "over", endedAt: at, problem });

type Loose<T> = { [Name in keyof T]: T[Name] };

/** A field that is left out is left out, and not undefined. */
function defined<Read extends Loose<z.infer<typeof headSchema>>>({
  from,
  arrives,
  abortedBy,
  ...rest
}: Read) {
  return {
    ...rest,
    ...(from === undefined ? {} : { from }),
    ...(arrives === undefined ? {} : { arrives }),
    ...(abortedBy === undefined ? {} : { abortedBy }),
  };
}
