// What an edge tells of its hottest keys, and what it is told of everybody's.

import * as z from "zod";
import type { Counted } from "./audit.ts";
import { parseJson } from "./json.ts";
import { type Renewal, renewalSchema } from "./renewal.ts";
import { FIELD_NAME, FIELD_VALUE, type WarmTarget } from "./warm-target.ts";

/** Above what an edge sends: what is longer is no honest message. */
export const HOT_LIMITS = { keys: 1024, url: 2048, headers: 8, value: 256, requests: 1e9 } as const;

/** Enough to ask for it again, at any edge: by URL and headers rather than by cache key, which another configuration may make otherwise. */
export interface HotKey extends WarmTarget {
  readonly site: string;
  readonly class: string;
}

export interface HotCount extends HotKey {
  /** No more than there were, as far as the samples tell. */
  readonly requests: number;
  /** As the edge holds it; null where it holds nothing that is to be renewed. */
  readonly renewal: Renewal | null;
}

/** Numbered within one life of an isolate; the same comes again until its number is acknowledged. */
export interface HotBatch {
  readonly number: number;
  /** All requests that were for something that can be stored. */
  readonly total: number;
  readonly keys: readonly HotCount[];
}

/** What the beat tells an edge: which of its batches has been merged, and what is hot by now. */
export interface HotNews {
  readonly counted: Counted | null;
  /** Null is no news. */
  readonly keys: readonly WarmTarget[] | null;
}

export const NO_HOT_NEWS: HotNews = { counted: null, keys: null };

const header = z.tuple([z.string().regex(FIELD_NAME), z.string().max(HOT_LIMITS.value).regex(FIELD_VALUE)]);
const url = z
  .string()
  .max(HOT_LIMITS.url)
  .regex(/^https?:\/\/[^\s/?#@]+\/[\x21-\x7e]*$/);
const targetSchema = z.object({ url, headers: z.array(header).max(HOT_LIMITS.headers) });
const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

const hotKeySchema = targetSchema.extend({ site: name, class: name });

export const hotBatchSchema = z.object({
  number: z.int().positive(),
  total: z.int().positive().max(HOT_LIMITS.requests),
  keys: z
    .array(
      hotKeySchema.extend({
        requests: z.int().positive().max(HOT_LIMITS.requests),
        // Of an older release, or beyond reading: it counts all the same.
        renewal: renewalSchema.nullable().catch(null),
      }),
    )
    .max(HOT_LIMITS.keys),
});

const newsSchema = z.object({
  counted: z.object({ boot: z.string(), number: z.number() }).nullable(),
  keys: z.array(targetSchema).max(HOT_LIMITS.keys).nullable(),
});

/** Advice that can't be read is none: the call that brings it is about more. */
export const readHotNews = (value: unknown): HotNews => newsSchema.safeParse(value).data ?? NO_HOT_NEWS;

/** One text a key, the same whoever writes it. */
export const encodeHotKey = ({ site, class: of, url: at, headers }: HotKey): string =>
  JSON.stringify([site, of, at, headers]);

export function decodeHotKey(text: string): HotKey | null {
  const list = parseJson(text);
  const [site, of, at, headers] = Array.isArray(list) ? (list as unknown[]) : [];
  return hotKeySchema.safeParse({ site, class: of, url: at, headers }).data ?? null;
}
