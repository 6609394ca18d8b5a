// What an edge tells of the traffic that it has seen, by site and path pattern.

import * as z from "zod";
import { FIGURES_LENGTH, type Figures } from "../core/traffic-figures.ts";

export const OBSERVED_LIMITS = { rows: 256, pattern: 512 } as const;

export interface ObservedRow {
  readonly site: string;
  readonly pattern: string;
  readonly figures: Readonly<Figures>;
}

/** Numbered within one life of an isolate; the same comes again until its number is acknowledged. */
export interface ObservedBatch {
  readonly number: number;
  readonly rows: readonly ObservedRow[];
}

const figuresSchema = z.array(z.number().nonnegative().max(1e15)).length(FIGURES_LENGTH);

export const observedBatchSchema = z.object({
  number: z.int().positive(),
  rows: z
    .array(
      z.object({
        site: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
        pattern: z
          .string()
          .max(OBSERVED_LIMITS.pattern)
          .regex(/^\/[\x21-\x7e]*$/),
        figures: figuresSchema,
      }),
    )
    .max(OBSERVED_LIMITS.rows),
});

/** Null where it is not one: of another release, most likely. */
export function decodeFigures(text: string): Figures | null {
  return figuresSchema.safeParse(text.split(",").map(Number)).data ?? null;
}
