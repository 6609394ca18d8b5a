// What an edge's report says of the counters in it: which report it is, and what of them is taken in.

import * as z from "zod";

export interface CounterReport {
  /** Counted on within one life of an isolate: whoever has taken the report in acknowledges it by this. */
  readonly number: number;
  /** How far each counter was acknowledged before; what is not there was not. */
  readonly before: Readonly<Record<string, number>>;
  /** More have changed than one report holds. */
  readonly more: boolean;
}

export const counterReportSchema = z.object({
  number: z.number().int().positive(),
  before: z.record(z.string(), z.number().nonnegative()),
  more: z.boolean(),
});

/** The most of something: each report says it anew, and none is taken in for good. */
export const isGauge = (name: string): boolean => name.startsWith("gauge|");
