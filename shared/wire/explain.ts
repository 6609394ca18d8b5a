// What an edge tells of one request: how it classifies it, and what each tier holds for it.

import * as z from "zod";
import { parseJson } from "./json.ts";
import { positionSchema } from "./position.ts";
import { FIELD_NAME, FIELD_VALUE, type WarmTarget } from "./warm-target.ts";

export const EXPLAIN_PATH = "/.tidegate/explain";

const count = z.number().nonnegative();

/** The newest invalidation known of something, and by which selector it hits. */
const hitSchema = z.object({
  position: positionSchema,
  mode: z.enum(["hard", "soft"]),
  selector: z.string(),
});
export type ShownHit = z.infer<typeof hitSchema>;

export const holdingSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("answer"),
    status: z.number(),
    bytes: count,
    ageMs: z.number(),
    /** What it has by the rules in force: never more than it was stored with. */
    lifetimeMs: count,
    storedLifetimeMs: count,
    staleWhileRevalidateMs: count,
    staleIfErrorMs: count,
    freshness: z.string(),
    /** Whether an invalidation has hit it, as far as the edge's view reaches. */
    coherence: z.string(),
    /** What would be done with it for this request. */
    step: z.string(),
    asOf: z.string(),
    verifiedTo: z.string(),
    part: z.string(),
    vary: z.array(z.string()),
    /** How large the chunks are that its body is kept in, where it is. */
    chunkBytes: count.optional(),
    /** What clients are told; null where nothing. */
    cacheControl: z.string().nullable().optional(),
    shard: z.string().optional(),
    /** The newest that hits it, by what it was stored with and what the policy in force adds; null where none is known. */
    newest: hitSchema.nullable().optional(),
  }),
  z.object({ kind: z.literal("nothing") }),
  /** Found not to be storable a moment ago. */
  z.object({ kind: z.literal("uncacheable") }),
  /** Somebody has the right to ask the origin, for so long at most. */
  z.object({ kind: z.literal("being-fetched"), forMs: count }),
  z.object({ kind: z.literal("unavailable"), reason: z.string() }),
]);
export type Holding = z.infer<typeof holdingSchema>;

/** What the journal holds of a URL whose writes go there. */
const journalSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("value"),
    /** False where it was deleted. */
    exists: z.boolean(),
    etag: z.string(),
    bytes: count,
    ageMs: count,
    ttlMs: count,
    /** The operation that wrote it. */
    operation: z.string(),
    /** Null while the origin does not have it. */
    verifiedTo: z.string().nullable(),
  }),
  z.object({ kind: z.literal("nothing") }),
  /** What waits came back with an older copy: the origin is asked, whatever is stored. */
  z.object({ kind: z.literal("held") }),
  z.object({ kind: z.literal("unavailable"), reason: z.string() }),
]);
export type JournalHolding = z.infer<typeof journalSchema>;

export const explainReplySchema = z.object({
  edge: z.string(),
  position: positionSchema.nullable(),
  /** Null where no site of this edge serves the host. */
  key: z.string().nullable(),
  class: z.string().nullable(),
  policy: z.string().nullable(),
  /** The URL that is sent to the origin for everybody. */
  fetches: z.string().nullable(),
  /** How old the edge's knowledge of the log's head is. */
  knownAgeMs: z.number().nullable().optional(),
  /** The newest invalidation that hits the URL, whatever is held for it. */
  newest: hitSchema.nullable().optional(),
  /** Null while the edge is cold: then nothing is served from any of them. */
  tiers: z.object({ memory: holdingSchema, dataCentre: holdingSchema, l2: holdingSchema }).nullable(),
  /** Null where writes of the URL don't go to the journal. */
  journal: journalSchema.nullable().optional(),
});
export type ExplainReply = z.infer<typeof explainReplySchema>;

export const encodeExplainCall = (target: WarmTarget): string => JSON.stringify({ v: 1, ...target });

const callSchema = z.object({
  v: z.literal(1),
  url: z.string(),
  headers: z.array(z.tuple([z.string().regex(FIELD_NAME), z.string().regex(FIELD_VALUE)])),
});

/** Null where any part of it can't be read. */
export const decodeExplainCall = (text: string): WarmTarget | null =>
  callSchema.safeParse(parseJson(text)).data ?? null;

export const decodeExplainReply = (text: string): ExplainReply | null =>
  explainReplySchema.safeParse(parseJson(text)).data ?? null;
