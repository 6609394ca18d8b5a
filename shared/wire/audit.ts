// What edges tell of reads that they have served, and how it is told which of them have been counted.

import * as z from "zod";
import { positionSchema } from "./position.ts";

/** Where a stored answer was found; `origin` where it was shared while it came. */
export type AuditTier = "l1Memory" | "l1Cache" | "l2" | "origin";
export type AuditResult = "hit" | "stale" | "fenced" | "coalesced";

/** One read of a stored answer. Positions are `"<epoch>-<seq>"`; every time is an age, since only ages cross hosts. */
export interface AuditSample {
  readonly class: string;
  readonly tier: AuditTier;
  readonly result: AuditResult;
  /** Taken at random, or because an invalidation named it lately. */
  readonly why: "random" | "watched";
  readonly asOf: string;
  readonly verifiedTo: string;
  /** Of the view that found it good, and how old that view's knowledge was at the arrival; null where none did. */
  readonly view: string | null;
  readonly knownAgeMs: number | null;
  /** How long before this report the request arrived. */
  readonly agoMs: number;
  /** Age of the answer at the arrival. */
  readonly ageMs: number;
  /** How long before the arrival the origin was asked for it, at most; negative where after it. */
  readonly askedBeforeMs: number;
  readonly boundMs: number;
  /** By which it was stored, and those that the policy in force adds. */
  readonly selectors: readonly string[];
  readonly inForce: readonly string[];
}

/** Numbered within one life of an isolate; the same samples come again until their number is acknowledged. */
export interface AuditBatch {
  readonly number: number;
  readonly samples: readonly AuditSample[];
}

/** The last batch that was counted, of which life of the isolate. */
export interface Counted {
  readonly boot: string;
  readonly number: number;
}

/** What an edge is asked to take a closer look at: answers with this selector that are as of before this position. */
export interface Watched {
  readonly selector: string;
  readonly position: string;
}

const age = z.number().nonnegative();

export const auditBatchSchema = z.object({
  number: z.int().positive(),
  samples: z.array(
    z.object({
      class: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
      tier: z.enum(["l1Memory", "l1Cache", "l2", "origin"]),
      result: z.enum(["hit", "stale", "fenced", "coalesced"]),
      why: z.enum(["random", "watched"]),
      asOf: positionSchema,
      verifiedTo: positionSchema,
      view: positionSchema.nullable(),
      knownAgeMs: age.nullable(),
      agoMs: age,
      ageMs: age,
      askedBeforeMs: z.number(),
      boundMs: age,
      selectors: z.array(z.string()),
      inForce: z.array(z.string()),
    }),
  ),
});
