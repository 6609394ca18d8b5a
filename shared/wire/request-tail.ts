// What somebody wants to see of requests as they happen, and the lines that edges tell of them.

import { z } from "zod";
import { type PathPattern, parsePattern } from "../core/pattern.ts";

export const TAIL_RESULTS = ["hit", "stale", "miss", "pass", "coalesced", "error", "refused"] as const;
export type TailResult = (typeof TAIL_RESULTS)[number];

/** Which tier the answer came from; `none` where an edge answered for itself. */
export const TAIL_TIERS = ["l1Memory", "l1Cache", "l2", "origin", "none"] as const;

/** Most that one line of a filter may name, and of all that may watch at once. */
export const TAIL_LIMITS = { values: 64, rate: 200, watches: 16, rows: 2000, path: 2048, why: 200 } as const;

const NAME = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(TAIL_LIMITS.values).nullable();

/** Null lets everything through. */
const filterSchema = z.object({
  results: list(z.enum(TAIL_RESULTS)),
  classes: list(NAME),
  sites: list(NAME),
  /** `404`, or `5xx` for all of a hundred. */
  statuses: list(z.string().regex(/^[1-5](?:xx|\d\d)$/)),
  /** As policies' key patterns are written. */
  path: z
    .string()
    .refine((text) => parsePattern(text).kind === "pattern")
    .nullable(),
});
export type TailFilter = z.infer<typeof filterSchema>;

const watchSchema = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  ratePerSecond: z.int().min(1).max(TAIL_LIMITS.rate),
  filter: filterSchema,
});
export type TailWatch = z.infer<typeof watchSchema>;

/** A watch as edges are told of it: for so long from now on. */
export interface ToldWatch extends TailWatch {
  readonly forMs: number;
}

const toldSchema = watchSchema.extend({ forMs: z.number().positive() });

export const encodeWatch = (watch: TailWatch): string => JSON.stringify(watch);

/** Null where it can't be read. */
export const readWatch = (value: unknown): TailWatch | null => watchSchema.safeParse(value).data ?? null;

/** Those that can be read; none where nobody watches. */
export const readToldWatches = (value: unknown): ToldWatch[] =>
  Array.isArray(value)
    ? value.slice(0, TAIL_LIMITS.watches).flatMap((each) => toldSchema.safeParse(each).data ?? [])
    : [];

const count = z.int().nonnegative();

/** Names of query parameters, never their values; no cookie, no header. */
export const tailLineSchema = z.object({
  /** By the edge's own clock, in milliseconds since 1970: for people, nothing is reckoned with it. */
  at: z.number().nonnegative(),
  site: z.string().max(64),
  method: z.string().max(32),
  host: z.string().max(300),
  path: z.string().max(TAIL_LIMITS.path),
  status: z.int(),
  class: z.string().max(64),
  policy: z.string().max(64).nullable(),
  result: z.enum(TAIL_RESULTS),
  tier: z.enum(TAIL_TIERS),
  cacheStatus: z.string().max(300),
  ms: z.number().nonnegative(),
  bytes: z.number().nonnegative(),
  why: z.string().max(TAIL_LIMITS.why),
});
export type TailLine = z.infer<typeof tailLineSchema>;

export const tailBatchSchema = z.object({
  /** Counted on within one life of an isolate: one that is missing has got lost. */
  number: z.int().positive(),
  rows: z.array(z.object({ for: z.array(z.string()), line: tailLineSchema })).max(TAIL_LIMITS.rows),
  /** Requests that each watch's filter let through, shown or not. */
  seen: z.record(z.string(), count),
});
export type TailBatch = z.infer<typeof tailBatchSchema>;

/** A batch as it is kept for those who watch. */
const keptSchema = z.object({
  edge: z.string(),
  boot: z.string(),
  region: z.string(),
  batch: tailBatchSchema,
});
export type KeptBatch = z.infer<typeof keptSchema>;

export const readKeptBatch = (value: unknown): KeptBatch | null => keptSchema.safeParse(value).data ?? null;

export interface TailSubject {
  readonly result: TailResult;
  readonly class: string;
  readonly site: string;
  readonly status: number;
  readonly host: string;
  /** Without its query. */
  readonly path: string;
}

/** The filter's pattern, ready to match; null where it has none. */
export function pathOf({ path }: TailFilter): PathPattern | null {
  const parsed = path === null ? null : parsePattern(path);
  return parsed?.kind === "pattern" ? parsed.pattern : null;
}
